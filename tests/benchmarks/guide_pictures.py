"""The pictures of README and of the guide, drawn anew by the program itself.

    PYTHONPATH=. python tests/benchmarks/guide_pictures.py [--out .github] [--only NAME ...]

Needs `datagen` on the path; the pages' pictures (`report`, `sweep-page`) also need Chromium and a
few minutes, and `sources` the letters of ../shared/data (or DATAGEN_SHARED_DATA); what is lacking
is passed over. No picture shows a real image of the competition: none enters here.
`sweep.png` is of a sweep over such images' scores, and is not drawn here.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops

ROOT: Final = Path(__file__).parents[2]
SHARED: Final = Path(os.environ.get("DATAGEN_SHARED_DATA", ROOT.parent / "shared" / "data"))
LETTERS: Final = {
    "emnist": SHARED / "emnist" / "gzip.zip",
    "chars74k": SHARED / "chars74k" / "EnglishHnd.tgz",
    "trajectories": SHARED / "strokes" / "handwriting_ivx.json",
}
MOST_BYTES: Final = 150_000
PAGE_WIDTH: Final = 1000  # pixels


def datagen(folder: Path, command: str) -> None:
    """Run one command line of `datagen` in `folder`.

    Raises:
        CalledProcessError: it fails.
    """
    subprocess.run(["datagen", *command.split()], cwd=folder, check=True)


def contact_sheet(folder: Path) -> Image.Image:
    """Draw numerals by the embedded pen."""
    datagen(folder, "preview default --size native --out contact-sheet.png")
    return Image.open(folder / "contact-sheet.png")


def sources(folder: Path) -> Image.Image | None:
    """Draw the same numerals with letters of four sources; None where their files are not here."""
    if not all(path.is_file() for path in LETTERS.values()):
        return None
    mix = " ".join(f"--mix {name}:{path}=1" for name, path in LETTERS.items())
    datagen(
        folder, f"preview --mix pen=1 {mix} --size native --per-cell 4 --tile 56 --out sources.png"
    )
    return Image.open(folder / "sources.png")


def pipeline(folder: Path) -> Image.Image:
    """Draw what each step of a pipeline does, and all of them together, of some classes."""
    datagen(folder, "preview --pipeline paper-and-pen --per-cell 4 --tile 72 --out pipeline.png")
    return Image.open(folder / "pipeline.png")


def report(folder: Path) -> Image.Image | None:
    """Show the top of the page that an evaluation writes."""
    _datasets(folder)
    if not (folder / "first-preview").exists():
        datagen(folder, "evaluate first --test other/val --preview 5")
    return screenshot(folder / "first-preview" / "report.html", 1030)


def sweep_page(folder: Path) -> Image.Image | None:
    """Show the top of the page that a sweep writes."""
    _datasets(folder)
    datagen(
        folder,
        "sweep --vary pipeline=none,scanned,paper-and-pen --images 1000 --select other/train "
        "--test other/val --preview 5 --out sweeps/pipelines",
    )
    return screenshot(folder / "sweeps" / "pipelines" / "sweep.html", 1430)


def _datasets(folder: Path) -> None:
    """Build what the tutorial builds, unless it is there."""
    if not (folder / "first").exists():
        datagen(folder, "build --images 2000 --out first")
    if not (folder / "other").exists():
        datagen(
            folder,
            "build --images 1000 --seed 9 --option pen.seed=9 --pipeline scanned --out other",
        )


def screenshot(page: Path, height: int) -> Image.Image | None:
    """Return the upper `height` pixels of a page; None where no Chromium is installed."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        return None
    picture = page.with_suffix(".png")
    subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--window-size={PAGE_WIDTH},{height}",
            f"--screenshot={picture}",
            page.resolve().as_uri(),
        ],
        check=True,
        capture_output=True,
    )
    return _without_lower_margin(Image.open(picture).convert("RGB"))


def _without_lower_margin(image: Image.Image) -> Image.Image:
    paper = Image.new("RGB", image.size, image.getpixel((0, image.height - 1)))
    box = ImageChops.difference(image, paper).getbbox()
    return image if box is None else image.crop((0, 0, image.width, min(box[3] + 12, image.height)))


PICTURES: Final[Mapping[str, Callable[[Path], Image.Image | None]]] = {
    "contact-sheet": contact_sheet,
    "sources": sources,
    "pipeline": pipeline,
    "report": report,
    "sweep-page": sweep_page,
}


def save(image: Image.Image, path: Path) -> None:
    """Write a palette PNG, with as many colours as fit into `MOST_BYTES`."""
    for colours in (64, 32, 16, 8):
        small = image.convert("RGB").quantize(colours, dither=Image.Dither.NONE)
        small.save(path, "PNG", optimize=True)
        if path.stat().st_size < MOST_BYTES:
            break
    print(f"{path}: {image.width}×{image.height}, {path.stat().st_size:,} bytes")


def main() -> None:
    """Draw them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / ".github")
    parser.add_argument("--only", nargs="+", choices=PICTURES, default=list(PICTURES))
    parser.add_argument("--work", type=Path, help="a folder to keep datasets and scores in")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.work or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for name in options.only:
            image = PICTURES[name](folder)
            if image is None:
                print(f"{name}: passed over, its files or Chromium are not here")
            else:
                save(image, options.out / f"{name}.png")


if __name__ == "__main__":
    main()
