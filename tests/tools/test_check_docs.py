"""tools/check_docs.py sees what a comment lacks."""

import check_docs
import pytest

HEAD = "/* skua/a.h - a thing. */\n\n"
COMMENT = """/* Make a thing.
 *
 * Returns: 0, or SKUA_E_NOMEM.
 * Owns: the caller frees *out.
 * Thread: any.
 * Since: 0.1 */
"""
CODE = "SKUA_API int skua_a_new(skua_a **out);\n"
VOID = "/* Free a thing.\n *\n * Thread: one at a time.\n * Since: 0.1 */\n"


def problems(tree, text):
    return [text for _, _, _, text in check_docs.check(tree({"a.h": text}))]


@pytest.mark.parametrize("text", [
    HEAD + COMMENT + CODE,
    HEAD + VOID + "SKUA_API void skua_a_free(skua_a *a);\n",
    HEAD + VOID.replace("Free", "Pass on") + "SKUA_API void skua_a_pass(skua_a *a);\n",
    HEAD + "/* Is it there?\n * Returns: 1 or 0.\n * Thread: any.\n * Since: 0.1 */\n"
    + "SKUA_API int skua_a_there(void);\n",
])
def test_complete_comment_passes(tree, text):
    assert problems(tree, text) == []


def without(section):
    return "".join(l for l in COMMENT.splitlines(True) if section not in l)


@pytest.mark.parametrize("text, wrong", [
    (CODE, "no comment"),
    (COMMENT + "\n" + CODE, "no comment"),
    (without("Returns:") + CODE, "lacks Returns:"),
    (without("Owns:") + CODE, "lacks Owns:"),
    (without("Owns:") + "SKUA_API const char *skua_a_text(void);\n", "lacks Owns:"),
    (without("Thread:") + CODE, "Thread:"),
    (COMMENT.replace("Thread: any", "Thread: sometimes") + CODE, "Thread:"),
    (COMMENT.replace("0.1", "soon") + CODE, "Since:"),
    (COMMENT.replace("Make", "Makes") + CODE, "imperative"),
    (COMMENT.replace("Make a thing", "This function makes") + CODE, "imperative"),
    (COMMENT.replace("Make", "make") + CODE, "sentence"),
    (COMMENT + "SKUA_API void skua_a_free(skua_a *a);\n", "returns nothing"),
    (VOID.replace(" * Thread: one at a time.\n * Since: 0.1", " * Since: 0.1\n * Thread: any.")
     + "SKUA_API void skua_a_free(skua_a *a);\n", "order"),
    ("typedef struct skua_b {\n    int n;\n} skua_b;\n", "no comment"),
])
def test_lack_is_seen(tree, text, wrong):
    assert any(wrong in problem for problem in problems(tree, HEAD + text))


def test_file_without_a_head_is_seen(tree):
    assert problems(tree, "\n" + COMMENT + CODE) == ["its head does not say what it is for"]


MAP = 'X(A, -1, "ErrorA", IO, "a") \\\n    X(B, -2, "ErrorB", IO, "b")\n'


@pytest.mark.parametrize("rows, wrong", [
    (["| A | -1 | ErrorA | x |", "| B | -2 | ErrorB | x |"], []),
    (["| A | -1 | ErrorA | x |"], ["B"]),
    (["| A | -3 | ErrorA | x |", "| B | -2 | ErrorB | x |"], ["A", "A"]),
    (["| A | -1 | Error | x |", "| B | -2 | ErrorB | x |"], ["A", "A"]),
    (["| A | -1 | ErrorA | x |", "| B | -2 | ErrorB | x |", "| C | -4 | C | x |"], ["C"]),
    (["| A | -1 | ErrorA | x |", "| A | -1 | ErrorA | x |", "| B | -2 | ErrorB | |"], ["A", "A"]),
])
def test_table_of_errors_is_held_against_the_map(tmp_path, rows, wrong):
    (tmp_path / "error.h").write_text(MAP)
    (tmp_path / "errors.md").write_text("\n".join(rows) + "\n")
    found = check_docs.check_errors(tmp_path / "error.h", tmp_path / "errors.md")
    assert [name for _, _, name, _ in found] == wrong
