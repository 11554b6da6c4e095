"""ImageNet weights: the real loading code, on weight files made here from random networks."""

import dataclasses
import functools
import hashlib
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from fixed_eval import pretrained
from fixed_eval.errors import InputError
from fixed_eval.pretrained import FILES, build_base, fetch, prepare

# Keras' own, where it writes weights.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
NETWORK = "MobileNet"  # the smallest
SIDE = 32


@functools.cache
def random_network(application: str = NETWORK, seed: int = 1) -> Any:
    import keras

    keras.utils.set_random_seed(seed)
    build = getattr(keras.applications, application)
    return build(input_shape=(SIDE, SIDE, 3), include_top=False, weights=None)


def write_weights(model: Any, path: Path) -> Path:
    """Write `model`'s weights as Keras' own files hold them."""
    from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        save_weights_to_hdf5_group(file, model)
    return path


@pytest.fixture(scope="module")
def weight_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_weights(random_network(), tmp_path_factory.mktemp("weights") / "mobile.h5")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keras' cache, empty, and a page that has no file yet."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(pretrained, "PAGE", f"{(tmp_path / 'page').as_uri()}/")
    return tmp_path / "keras" / "models"


@pytest.fixture
def page(tmp_path: Path) -> Callable[[str, Path], Path]:
    """Put a file on the page."""

    def put(application: str, content: Path) -> Path:
        file = FILES[application]
        target = tmp_path / "page" / file.folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.read_bytes())
        return target

    return put


def with_hash(monkeypatch: pytest.MonkeyPatch, content: Path) -> None:
    """Let Keras list the hash of `content` for the network."""
    md5 = hashlib.md5(content.read_bytes()).hexdigest()
    monkeypatch.setitem(FILES, NETWORK, dataclasses.replace(FILES[NETWORK], md5=md5))


def assert_has(base: Any, model: Any) -> None:
    for given, wanted in zip(base.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(given, wanted)


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(InputError) as caught:
        call()
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_names_and_hashes_are_those_of_the_installed_keras() -> None:
    from keras.src.applications import inception_v3, mobilenet, mobilenet_v2, resnet

    assert FILES["ResNet50"].md5 == resnet.WEIGHTS_HASHES["resnet50"][1]
    assert FILES["ResNet50"].url.startswith(resnet.BASE_WEIGHTS_PATH)
    assert FILES["InceptionV3"].url == inception_v3.WEIGHTS_PATH_NO_TOP
    source = Path(inception_v3.__file__).read_text("utf-8")
    assert f'file_hash="{FILES["InceptionV3"].md5}"' in source
    assert FILES["MobileNet"].url.startswith(mobilenet.BASE_WEIGHT_PATH)
    assert FILES["MobileNetV2"].url.startswith(mobilenet_v2.BASE_WEIGHT_PATH)


@pytest.mark.parametrize(("application", "side"), [("MobileNet", 224), ("MobileNetV2", 160)])
def test_keras_itself_asks_for_the_same_file(
    application: str, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras
    from keras.src.utils import file_utils

    class AskedError(Exception):
        """What Keras asks for is known."""

    def get_file(name: str, origin: str, **_: Any) -> None:
        assert (name, origin) == (FILES[application].name, FILES[application].url)
        raise AskedError

    monkeypatch.setattr(file_utils, "get_file", get_file)
    with pytest.raises(AskedError):
        getattr(keras.applications, application)(input_shape=(side, side, 3), include_top=False)


def test_a_file_of_weights_is_loaded(weight_file: Path) -> None:
    base = build_base(NETWORK, SIDE, str(weight_file), "base")
    assert base.name == "base"
    assert_has(base, random_network())


def test_weights_that_keras_3_wrote_are_loaded(tmp_path: Path) -> None:
    path = tmp_path / "mobile.weights.h5"
    random_network().save_weights(path)
    assert_has(build_base(NETWORK, SIDE, str(path), "base"), random_network())


def test_no_weights_are_random_ones() -> None:
    base = build_base(NETWORK, SIDE, "none", "base")
    first = base.get_weights()[0]
    assert not np.array_equal(first, build_base(NETWORK, SIDE, "none", "base").get_weights()[0])


def test_imagenet_weights_are_fetched_once(
    cache: Path,
    page: Callable[[str, Path], Path],
    weight_file: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    on_page = page(NETWORK, weight_file)
    told: list[str] = []
    prepare(NETWORK, "imagenet", told.append)
    prepare(NETWORK, "imagenet", told.append)
    assert told == [FILES[NETWORK].url]
    assert_has(build_base(NETWORK, SIDE, "imagenet", "base"), random_network())
    kept = cache / FILES[NETWORK].name
    assert kept.read_bytes() == weight_file.read_bytes()
    assert capfd.readouterr().out == ""  # stdout may carry JSON
    on_page.unlink()
    assert_has(build_base(NETWORK, SIDE, "imagenet", "base"), random_network())
    assert sorted(cache.iterdir()) == [kept, FILES[NETWORK].note]


def test_without_network_the_file_its_page_and_its_place_are_named(cache: Path) -> None:
    for application, file in FILES.items():
        said = refusal(functools.partial(fetch, application))
        for part in (application, file.name, f"{pretrained.PAGE}{file.folder}/", str(cache)):
            assert part in said
        assert "--weights none" in said
        assert said.count(pretrained.PAGE) == 1
        assert list(cache.iterdir()) == []


def test_the_page_is_a_host_that_answers_nothing(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setattr(pretrained, "PAGE", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        monkeypatch.setattr(pretrained, "PATIENCE", 0.2)
        said = refusal(functools.partial(fetch, NETWORK))
    assert "timed out" in said
    assert socket.getdefaulttimeout() is None
    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    assert "could not be fetched" in refusal(functools.partial(fetch, NETWORK))


def test_a_known_hash_is_checked(
    cache: Path, weight_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_hash(monkeypatch, weight_file)
    kept = cache / FILES[NETWORK].name
    cache.mkdir(parents=True)
    kept.write_bytes(weight_file.read_bytes())
    assert fetch(NETWORK) == kept
    kept.write_bytes(weight_file.read_bytes() + b"more")
    said = refusal(functools.partial(fetch, NETWORK))
    assert "that Keras lists" in said
    assert str(kept) in said


def test_a_file_changed_since_first_sight_is_refused(
    cache: Path, weight_file: Path, page: Callable[[str, Path], Path]
) -> None:
    page(NETWORK, weight_file)
    build_base(NETWORK, SIDE, "imagenet", "base")
    note = json.loads(FILES[NETWORK].note.read_text("utf-8"))
    assert note["sha256"] == hashlib.sha256(weight_file.read_bytes()).hexdigest()
    write_weights(random_network(seed=2), cache / FILES[NETWORK].name)
    said = refusal(functools.partial(build_base, NETWORK, SIDE, "imagenet", "base"))
    assert "at first sight" in said
    FILES[NETWORK].note.write_text("[]")
    assert "is unreadable" in refusal(functools.partial(fetch, NETWORK))


def test_what_does_not_load_is_no_first_sight(cache: Path, weight_file: Path) -> None:
    cache.mkdir(parents=True)
    kept = cache / FILES[NETWORK].name
    kept.write_bytes(weight_file.read_bytes()[:100_000])
    assert "damaged" in refusal(functools.partial(build_base, NETWORK, SIDE, "imagenet", "base"))
    assert not FILES[NETWORK].note.exists()
    kept.write_bytes(weight_file.read_bytes())
    build_base(NETWORK, SIDE, "imagenet", "base")
    assert FILES[NETWORK].note.exists()


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    import keras

    small = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    other = write_weights(small, tmp_path / "small.h5")
    said = refusal(functools.partial(build_base, NETWORK, SIDE, str(other), "base"))
    assert said.startswith(f"{other} holds no weights of MobileNet without its top")
    narrow = keras.applications.MobileNet((SIDE, SIDE, 3), 0.5, include_top=False, weights=None)
    wrong = write_weights(narrow, tmp_path / "narrow.h5")
    said = refusal(functools.partial(build_base, NETWORK, SIDE, str(wrong), "base"))
    assert "Shape mismatch" in said
    wrong = tmp_path / "narrow.weights.h5"
    narrow.save_weights(wrong)
    assert str(wrong) in refusal(functools.partial(build_base, NETWORK, SIDE, str(wrong), "base"))


@pytest.mark.parametrize("name", ["x.h5", "x.weights.h5", "x.keras", "x.npz", "x"])
@pytest.mark.parametrize("content", [b"", b"no weights", b"\x89HDF\r\n\x1a\n" + b"\0" * 2000])
def test_a_file_that_holds_no_weights_is_one_line(
    name: str, content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    said = refusal(functools.partial(pretrained.load, random_network(seed=3), path, NETWORK))
    assert str(path) in said


def test_a_damaged_file_is_one_line_or_loads(tmp_path: Path, weight_file: Path) -> None:
    whole = bytearray(weight_file.read_bytes())
    rng = np.random.default_rng(0)
    base = random_network(seed=3)
    refused: list[str] = []
    for number in range(12):
        content = bytearray(whole)
        for place in rng.integers(0, 40_000, 200):  # names and shapes are in front
            content[place] = rng.integers(0, 256)
        path = tmp_path / f"{number}.h5"
        path.write_bytes(content)
        try:
            pretrained.load(base, path, NETWORK)
        except InputError as error:
            refused.append(str(error))
    assert refused
    assert not any("\n" in said for said in refused)


@pytest.mark.parametrize(("name", "says"), [("nowhere.h5", "does not exist"), (".", "not a file")])
def test_a_missing_file_is_named(name: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / name
    said = refusal(functools.partial(build_base, NETWORK, SIDE, str(path), "base"))
    assert str(path) in said
    assert says in said
    assert refusal(functools.partial(prepare, NETWORK, str(path), print)) == said


def test_no_weights_need_no_preparation(cache: Path) -> None:
    prepare(NETWORK, "none", print)
    assert not cache.exists()
