"""Values as people read them."""


def duration(seconds: float) -> str:
    """Return a time in its two largest units.

    Example:
        >>> duration(12.3), duration(200), duration(3720)
        ('12 s', '3 min 20 s', '1 h 02 min')
    """
    whole = max(0, round(seconds))
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 60} min {whole % 60:02} s" if whole >= 60 else f"{whole} s"


def is_unicode(text: str) -> bool:
    """Return whether a text can be written as UTF-8: no half of a surrogate pair is in it.

    Example:
        >>> is_unicode("ⅷ"), is_unicode(chr(0xD800))
        (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def how_many(number: int, word: str) -> str:
    """Return a number with the word for it, in the plural where that is asked for.

    Example:
        >>> how_many(1, "image"), how_many(2100, "image")
        ('1 image', '2,100 images')
    """
    return f"{number:,} {word}" + ("" if number == 1 else "s")
