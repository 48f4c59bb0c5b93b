"""Read the public headers: what each declares, with the comment directly above it.

It understands the form these headers keep (comments and declarations begin in the first column,
no blank line between a comment and what it belongs to) and is no C parser.
"""

import dataclasses
import pathlib
import re

# Sections of a function's comment, in the order in which they stand.
SECTIONS = ("Returns", "Errors", "Owns", "Thread", "Since")
_SECTION = re.compile(r"^(%s):\s*" % "|".join(SECTIONS))


@dataclasses.dataclass
class Item:
    """One declaration at the top level of a header."""

    kind: str  # function, type, macro
    name: str
    code: str  # as it is written
    comment: str  # without its stars; "" when there is none
    file: pathlib.Path
    line: int  # of the declaration

    @property
    def text(self):
        """The comment without its sections."""
        return _split(self.comment)[0]

    @property
    def sections(self):
        """The comment's sections: {"Returns": "...", ...}."""
        return _split(self.comment)[1]

    @property
    def result(self):
        """The type a function returns, and whatever stands before its name."""
        head = self.code.split(self.name + "(", 1)[0]
        return re.sub(r"SKUA_PRINTF\([^)]*\)|SKUA_API", "", head).strip()

    @property
    def arguments(self):
        """What stands between a function's outer parentheses."""
        rest = self.code.split(self.name + "(", 1)[1]
        depth = 1
        for at, char in enumerate(rest):
            depth += {"(": 1, ")": -1}.get(char, 0)
            if depth == 0:
                return re.sub(r"\s+", " ", rest[:at])
        return rest


@dataclasses.dataclass
class Header:
    path: pathlib.Path
    comment: str  # at the head of the file
    items: list


def _split(comment):
    """Part a comment into its text and its sections."""
    text, sections, current = [], {}, None
    for line in comment.split("\n"):
        match = _SECTION.match(line)
        if match:
            current = match.group(1)
            sections[current] = [line[match.end():].strip()]
        elif current and line.strip():
            sections[current].append(line.strip())
        elif current is None:
            text.append(line)
    return "\n".join(text).strip(), {name: " ".join(parts) for name, parts in sections.items()}


def _strip_comment(raw):
    """Take the stars and the common indent off a block comment."""
    lines = raw[2:-2].split("\n")
    out = [lines[0].strip()]
    for line in lines[1:]:
        out.append(re.sub(r"^ ?\*? ?", "", line).rstrip())
    return "\n".join(out).strip()


def _blank_comments(code):
    """Replace comments by spaces, so that their characters are not taken for code."""
    return re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()), code, flags=re.S)


def _end_of_declaration(blanked, start):
    """The offset behind the semicolon that ends the declaration at start."""
    depth = 0
    for at in range(start, len(blanked)):
        char = blanked[at]
        if char in "{(":
            depth += 1
        elif char in "})":
            depth -= 1
        elif char == ";" and depth == 0:
            return at + 1
    return len(blanked)


def _end_of_directive(text, start):
    """The offset of the line end of a directive, continued lines included."""
    at = start
    while True:
        end = text.find("\n", at)
        if end < 0:
            return len(text)
        if text[end - 1] != "\\":
            return end
        at = end + 1


def _name_of(code):
    """Kind and name of a declaration; (None, "") for one that has none."""
    flat = re.sub(r"\s+", " ", _blank_comments(code)).strip()
    match = re.match(r"SKUA_API\b", flat)
    if match:
        flat = re.sub(r"SKUA_PRINTF\([^)]*\)|__attribute__\(\(.*?\)\)\)?", "", flat)
        match = re.search(r"(\w+) ?\(", flat)
        return ("function", match.group(1)) if match else (None, "")
    match = re.match(r"typedef .*?\( ?\* ?(\w+) ?\)", flat)
    if match and "{" not in flat:
        return "type", match.group(1)
    if flat.startswith("typedef") and "{" not in flat and flat.endswith(");"):
        return "type", re.search(r"(\w+) ?\(", flat).group(1)
    match = re.match(r"typedef\b.*?(\w+)(?:\[[^]]*\])? ?;$", flat)
    if match:
        return "type", match.group(1)
    match = re.match(r"(?:struct|enum|union) ?(\w*)", flat)
    if match:
        return "type", match.group(1)
    return None, ""


def parse(path):
    """Read one header."""
    path = pathlib.Path(path)
    text = path.read_text(encoding="utf-8")
    blanked = _blank_comments(text)
    header = Header(path, "", [])
    comment, at = "", 0
    while at < len(text):
        if text.startswith("/*", at):
            end = text.index("*/", at) + 2
            comment = _strip_comment(text[at:end])
            if at == 0:
                header.comment, comment = comment, ""
            at = end + 1
        elif text[at] == "\n":
            comment, at = "", at + 1
        elif text[at] == "#":
            end = _end_of_directive(text, at)
            match = re.match(r"#\s*define (\w+)", text[at:end])
            if match and not match.group(1).endswith("_"):
                line = text.count("\n", 0, at) + 1
                header.items.append(Item("macro", match.group(1), text[at:end], comment, path, line))
            comment, at = "", end + 1
        elif re.match(r'extern "C" \{|\}', text[at:]):
            comment, at = "", text.find("\n", at) + 1 or len(text)
        else:
            end = _end_of_declaration(blanked, at)
            code = text[at:end]
            kind, name = _name_of(code)
            if kind:
                line = text.count("\n", 0, at) + 1
                header.items.append(Item(kind, name, code, comment, path, line))
            comment, at = "", end + 1
    return header


def parse_all(folder):
    """Read every header of a folder, by name."""
    return [parse(path) for path in sorted(pathlib.Path(folder).glob("*.h"))]


def functions(folder):
    """Every exported function of a folder of headers."""
    return [i for h in parse_all(folder) for i in h.items if i.kind == "function"]
