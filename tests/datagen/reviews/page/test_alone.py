from pathlib import Path

from datagen.reviews.page.alone import page_file
from datagen.reviews.page.neighbours import Neighbours
from datagen.reviews.page.suspects import listing, suspects
from tests.datagen.reviews.page.audits import make_folder


def test_what_has_changed_meanwhile_is_not_shown(tmp_path: Path) -> None:
    root = make_folder(tmp_path / "photos", 1)
    images = suspects(root, listing(root))
    (root / "ii" / "0.png").write_bytes((root / "i" / "0.png").read_bytes())
    neighbours = Neighbours(root, images)
    html = page_file(root, "photos", images, {}, neighbours, name="r.yaml", about="photos")
    shown = {image.path: f'"{image.sha256}":["data:image' in html for image in images}
    assert shown == {path: path != "ii/0.png" for path in shown}
