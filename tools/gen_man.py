#!/usr/bin/env python3
"""Write man pages (mdoc) from the public headers.

libskua(3) is the overview; skua_NAME(3) documents skua/NAME.h: its types, its macros, and each
function with what it returns, who owns it and which threads may call it. A link of each function's
own name leads to the page that holds it.
"""

import argparse
import datetime
import os
import pathlib
import re
import textwrap

import headers

# A heading in the pages for each section of a comment.
TITLES = {"Returns": "Returns", "Errors": "Errors", "Owns": "Ownership", "Thread": "Threads",
          "Since": "Since"}

OVERVIEW = """
skua gives a C program both ends of HTTP and HTTPS: a client in the manner of Python's http.client,
and a server. Every header is documented in a page of its own; skua/skua.h includes them all.

Names: what begins with skua_ or SKUA_ is the interface. Objects are opaque and made by a function
whose name ends in new, parse or the like; each has a free function, which takes NULL as well.

Options are structs passed by pointer, made with SKUA_OPTS(type, .field = value). A NULL pointer is
all defaults, and so is a zero in a field: verification is on, every time-out is finite, every
limit is set. SKUA_FOREVER says that there is no end.

Errors: a call that can fail returns 0 or a negative SKUA_E_ code, or NULL where it returns an
object; it fills the skua_error it is given (NULL is fine) and leaves its other outputs as they
were. The error holds a code, the phase, the cause and one line a person can act on.

Owns: says who frees what a call gives out. What is borrowed lives until the event that is named.
Strings passed in are copied.

Thread: is one of three words. "any": several threads may call at the same time. "one at a time":
any thread may, when no other does. "its loop": only from the callback that was handed the object.

The library keeps no global state, needs no initialisation, installs no signal handler, prints
nothing and never ends the process.
"""


def escape(text):
    """Make text safe for a line of its own."""
    text = text.replace("\\", "\\e")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.M)


def sentences(text):
    """Text lines of a paragraph; a sentence begins a line, as mdoc wants it."""
    joined = re.sub(r"\s+", " ", text).strip()
    parts = re.split(r"(?<=[\w)\]\"]{2}[.?!]) (?=[A-Z\"])", joined)
    wrapped = [textwrap.fill(part, 78, break_long_words=False, break_on_hyphens=False)
               for part in parts]
    return escape("\n".join(wrapped))


def literal(text):
    return ".Bd -literal -offset indent\n%s\n.Ed" % escape(text.expandtabs(4))


def prose(text):
    """Paragraphs of a comment; what is indented by four or more stays as it is written."""
    out = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        lines = block.split("\n")
        while lines:
            is_code = lines[0].startswith("    ")
            taken = 0
            while taken < len(lines) and lines[taken].startswith("    ") == is_code:
                taken += 1
            part, lines = lines[:taken], lines[taken:]
            if is_code:
                out.append(literal("\n".join(line[4:] for line in part)))
            elif "".join(part).strip():
                out.append((".Pp\n" if out else "") + sentences("\n".join(part)))
    return "\n".join(out)


def quoted(text):
    return '"%s"' % text.replace("\\", "\\e").replace('"', '\\(dq')


def split_arguments(arguments):
    """Part an argument list at its outer commas."""
    parts, depth, current = [], 0, ""
    for char in arguments:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += char
    return parts + [current.strip()]


def prototype(function):
    lines = [".Ft " + quoted(function.result), ".Fo " + function.name]
    lines += [".Fa " + quoted(argument) for argument in split_arguments(function.arguments)]
    return "\n".join(lines + [".Fc"])


def function_text(function):
    out = [".Ss " + function.name, prose(function.text), ".Bl -tag -width Ownership"]
    for section in headers.SECTIONS:
        if section in function.sections:
            out += [".It " + TITLES[section], sentences(function.sections[section])]
    return "\n".join(out + [".El"])


def type_text(item):
    title = item.name or "Constants"
    out = [".Ss " + title]
    if item.text:
        out.append(prose(item.text))
    return "\n".join(out + [literal(item.code)])


def is_documented(item):
    """Include guards and the marks of declarations say nothing in a manual."""
    return not (item.kind == "macro" and (item.name.endswith("_H") or item.name in
                                          ("SKUA_API", "SKUA_PRINTF")))


def macros_text(items):
    """Macros, those that stand together under one comment as one block."""
    out = []
    for item in items:
        if item.comment or not out:
            out.append([item.comment, [item.code]])
        else:
            out[-1][1].append(item.code)
    return "\n".join((prose(comment) + "\n" if comment else "") + literal("\n".join(code))
                     for comment, code in out)


def page_name(header):
    return "libskua" if header.path.name == "skua.h" else "skua_" + header.path.stem


def summary(header):
    """The one line behind the dash at the head of the file, and what follows it."""
    first, _, rest = header.comment.partition("\n")
    text, _, more = first.split(" - ", 1)[-1].partition(". ")
    return text.rstrip("."), (more + "\n" + rest).strip("\n")


def frame(name, title, version, date, body):
    head = [".Dd " + date, ".Dt %s 3" % name.upper(), ".Os skua " + version, ".Sh NAME",
            ".Nm " + name, ".Nd " + escape(title), ".Sh LIBRARY",
            "The skua library (libskua, \\-lskua)"]
    return "\n".join(head + body) + "\n"


def see_also(names):
    names = sorted(names)
    rows = [".Xr %s 3%s" % (name, " ," if at + 1 < len(names) else "")
            for at, name in enumerate(names)]
    return [".Sh SEE ALSO", *rows]


def header_page(header, all_names, version, date):
    items = [item for item in header.items if is_documented(item)]
    by_kind = {kind: [i for i in items if i.kind == kind] for kind in ("type", "macro", "function")}
    title, rest = summary(header)
    body = [".Sh SYNOPSIS", ".In skua/%s" % header.path.name]
    body += [prototype(function) for function in by_kind["function"]]
    body += [".Sh DESCRIPTION", prose(rest) if rest else sentences(title[0].upper() + title[1:] + ".")]
    if by_kind["type"]:
        body += [".Sh TYPES", *(type_text(item) for item in by_kind["type"])]
    if by_kind["macro"]:
        body += [".Sh CONSTANTS", macros_text(by_kind["macro"])]
    if by_kind["function"]:
        body += [".Sh FUNCTIONS", *(function_text(item) for item in by_kind["function"])]
    name = page_name(header)
    return frame(name, title, version, date, body + see_also([n for n in all_names if n != name]))


def overview_page(all_headers, version, date):
    body = [".Sh SYNOPSIS", ".In skua/skua.h", ".Sh DESCRIPTION", prose(OVERVIEW),
            ".Sh OBJECTS", ".Bl -tag -width skua_response(3)"]
    others = [header for header in all_headers if page_name(header) != "libskua"]
    for header in others:
        body += [".It Xr %s 3" % page_name(header), escape(summary(header)[0])]
    body += [".El", ".Sh EXAMPLES", "Fetch a page, verified, and copy it to standard output:",
             literal(EXAMPLE)]
    return frame("libskua", "HTTP and HTTPS for C programs, both ends", version, date,
                 body + see_also([page_name(header) for header in others]))


EXAMPLE = """skua_error err;
skua_response *r = skua_get(NULL, "https://example.org/", &err);
char buf[16384];
ptrdiff_t n = -1;
while (r && (n = skua_response_read(r, buf, sizeof buf, &err)) > 0)
    fwrite(buf, 1, (size_t)n, stdout);
if (n < 0)
    fprintf(stderr, "%s\\n", err.msg);
skua_response_free(r);"""


def page_date():
    """Today, or what a reproducible build says is today."""
    moment = os.environ.get("SOURCE_DATE_EPOCH")
    utc = datetime.timezone.utc
    day = datetime.datetime.fromtimestamp(int(moment), utc) if moment else datetime.datetime.now(utc)
    return "%s %d, %d" % (day.strftime("%B"), day.day, day.year)


def pages(folder, version, date):
    """Every page and every link: {"skua_url.3": text}, {"skua_url_parse.3": "skua_url.3"}."""
    all_headers = headers.parse_all(folder)
    names = [page_name(header) for header in all_headers]
    out, links = {}, {}
    for header in all_headers:
        name = page_name(header)
        if name != "libskua":
            out[name + ".3"] = header_page(header, names, version, date)
        for item in header.items:
            if item.kind == "function" and item.name not in names:
                links[item.name + ".3"] = name + ".3"
    out["libskua.3"] = overview_page(all_headers, version, date)
    return out, links


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--include", required=True, help="folder of the public headers")
    parser.add_argument("--version", required=True)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    for path in args.output.glob("*.3"):
        path.unlink()
    texts, links = pages(args.include, args.version, page_date())
    for name, text in texts.items():
        (args.output / name).write_text(text)
    for name, target in links.items():
        (args.output / name).symlink_to(target)


if __name__ == "__main__":
    main()
