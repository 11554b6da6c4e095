import base64
import hashlib
import json
import re

from datagen.serving.document import SHARED_SCRIPTS, SHARED_STYLES, document, shared

SCRIPTS = [shared(name) for name in SHARED_SCRIPTS]
STYLES = [shared(name) for name in SHARED_STYLES]


def test_the_policy_allows_this_script_and_style_only() -> None:
    page = document("view", "a <b>", "<main></main>", scripts=SCRIPTS, styles=STYLES)
    for tag, name in (("script", "script-src"), ("style", "style-src")):
        (text,) = re.findall(rf"<{tag}(?: type=\"module\")?>(.*?)</{tag}>", page.html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in page.policy
        assert f"{name} 'sha256-{digest}'" in page.html
    assert "<title>a &lt;b&gt;</title>" in page.html


def test_modules_are_joined_without_imports_and_exports() -> None:
    page = document("view", "a", "", scripts=SCRIPTS, styles=STYLES)
    assert not re.search(r"^\s*(import|export)\b", page.html, re.MULTILINE)


def test_every_import_comes_from_a_module_before() -> None:
    exported: set[str] = set()
    for script in SCRIPTS:
        text = script.read_text("utf-8")
        for names in re.findall(r"^import \{([^}]*)\}", text, re.MULTILINE):
            assert {name.strip() for name in names.split(",")} <= exported
        named = re.findall(r"^export (?:async )?(?:function|class|const) (\w+)", text, re.MULTILINE)
        assert not exported & set(named)
        exported |= set(named)


def test_data_cannot_end_its_element() -> None:
    hostile = {"path": "</script><!--<script>alert(1)</script>", "line": "\u2028"}
    page = document("view", "a", "", scripts=[], styles=[], data=hostile, alone=True)
    (text,) = re.findall(r'id="data">(.*?)</script>', page.html, re.DOTALL)
    assert json.loads(text) == hostile


def test_a_file_by_itself_may_ask_nobody() -> None:
    alone = document("view", "a", "", scripts=[], styles=[], alone=True)
    assert "connect-src 'none'" in alone.policy
    assert "'self'" not in alone.policy
    assert "connect-src 'self'" in document("view", "a", "", scripts=[], styles=[]).policy
