"""What make install puts down: found by pkg-config and CMake, hardened, with its manual."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess

import pytest

BUILD = pathlib.Path(os.environ["SKUA_BUILD_DIR"])
SANITIZED = re.search(r"^SKUA_SANITIZE:\w+=.", (BUILD / "CMakeCache.txt").read_text(), re.M)
pytestmark = pytest.mark.skipif(bool(SANITIZED), reason="a sanitized build is not installed")

CONSUMER = """
#include <skua/skua.h>
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv) {
    skua_url *url = NULL;
    if (argc > 1) /* no test does: it brings in all that a fetch is made of */
        skua_response_free(skua_get(NULL, argv[1], NULL));
    if (strcmp(skua_version(), SKUA_VERSION) || skua_url_parse("http://[::1]:80/a", &url, NULL))
        return 1;
    puts(skua_url_text(url));
    skua_url_free(url);
    return 0;
}
"""
EXPECTED = "http://[::1]/a\n"

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(consumer C)
find_package(skua 0.1 REQUIRED)
add_executable(dynamic consumer.c)
target_link_libraries(dynamic PRIVATE skua::skua)
add_executable(fixed consumer.c)
target_link_libraries(fixed PRIVATE skua::skua_static)
"""


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          timeout=120, **options)
    assert done.returncode == 0, "%s\n%s%s" % (command, done.stdout, done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """A prefix that holds the installed project."""
    folder = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD, "--prefix", folder)
    return folder


@pytest.fixture(scope="module")
def libdir(prefix):
    return next(prefix.glob("lib/**/libskua.a")).parent


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "consumer.c"
    path.write_text(CONSUMER)
    return path


@pytest.fixture
def pkg_config(libdir):
    def ask(*options):
        env = {**os.environ, "PKG_CONFIG_PATH": str(libdir / "pkgconfig")}
        return shlex.split(run("pkg-config", *options, "skua", env=env))  # as a shell does it
    return ask


def test_everything_is_there(prefix, libdir):
    for name in ("libskua.a", "libskua.so", "libskua.so.0.1", "pkgconfig/skua.pc",
                 "cmake/skua/skuaConfig.cmake", "cmake/skua/skuaConfigVersion.cmake"):
        assert (libdir / name).exists(), name
    for name in ("include/skua/skua.h", "include/skua/url.h", "bin/skua",
                 "share/man/man1/skua.1", "share/man/man3/libskua.3",
                 "share/man/man3/skua_url.3", "share/man/man3/skua_url_parse.3"):
        assert (prefix / name).exists(), name


def test_headers_are_the_public_ones(prefix):
    installed = {path.name for path in (prefix / "include" / "skua").iterdir()}
    source = pathlib.Path(__file__).resolve().parents[2] / "include" / "skua"
    assert installed == {path.name for path in source.glob("*.h")}


def test_destdir_stands_before_the_prefix(tmp_path):
    run("cmake", "--install", BUILD, "--prefix", "/opt/skua",
        env={**os.environ, "DESTDIR": str(tmp_path)})
    assert (tmp_path / "opt/skua/include/skua/skua.h").exists()


def test_pkg_config_shared(tmp_path, source, libdir, pkg_config):
    run("cc", "-std=c11", source, "-o", tmp_path / "a", *pkg_config("--cflags", "--libs"))
    env = {**os.environ, "LD_LIBRARY_PATH": str(libdir)}
    assert run(tmp_path / "a", env=env) == EXPECTED


@pytest.mark.parametrize("compiler", ["cc", "clang"])
def test_pkg_config_static(tmp_path, source, pkg_config, compiler):
    if not shutil.which(compiler):
        pytest.skip(compiler + " is not installed")
    flags = ["-l:libskua.a" if f == "-lskua" else f for f in
             pkg_config("--static", "--cflags", "--libs")]
    run(compiler, "-std=c11", source, "-o", tmp_path / "a", *flags)
    assert run(tmp_path / "a") == EXPECTED
    assert "libskua" not in run("readelf", "-d", tmp_path / "a")


def test_archive_is_bound_to_no_compiler(libdir):
    # What gcc keeps for link time only the version that wrote it can read.
    sections = run("readelf", "-W", "-S", libdir / "libskua.a")
    assert "lto_" not in sections and "__gnu_lto" not in run("nm", libdir / "libskua.a")


def test_pkg_config_version(pkg_config):
    assert pkg_config("--modversion") == ["0.1.0"]


def test_cmake_package(tmp_path, source, prefix):
    (tmp_path / "CMakeLists.txt").write_text(PROJECT)
    run("cmake", "-G", "Ninja", "-S", tmp_path, "-B", tmp_path / "b",
        "-DCMAKE_PREFIX_PATH=%s" % prefix)
    run("cmake", "--build", tmp_path / "b")
    for name in ("dynamic", "fixed"):
        assert run(tmp_path / "b" / name) == EXPECTED
    assert "libskua.so.0.1" in run("readelf", "-d", tmp_path / "b" / "dynamic")
    assert "libskua" not in run("readelf", "-d", tmp_path / "b" / "fixed")


def test_cmake_package_refuses_another_version(tmp_path, source, prefix):
    (tmp_path / "CMakeLists.txt").write_text(PROJECT.replace("skua 0.1", "skua 0.2"))
    done = subprocess.run(["cmake", "-G", "Ninja", "-S", tmp_path, "-B", tmp_path / "b",
                           "-DCMAKE_PREFIX_PATH=%s" % prefix], capture_output=True, text=True)
    assert done.returncode != 0 and "0.2" in done.stderr


def test_installed_command_runs(prefix):
    # From another place than the build folder, with no library path set.
    assert "skua" in run(prefix / "bin" / "skua", "--help")


@pytest.mark.parametrize("name", ["bin/skua", "libskua.so"])
def test_hardening(prefix, libdir, name):
    path = prefix / name if name.startswith("bin/") else libdir / name
    dynamic = run("readelf", "-W", "-d", path)
    segments = run("readelf", "-W", "-l", path)
    symbols = run("nm", "-D", path)
    assert "NOW" in dynamic and "RPATH" not in dynamic and "RUNPATH" not in dynamic
    assert "GNU_RELRO" in segments
    assert re.search(r"GNU_STACK.* RW ", segments)
    assert "DYN" in run("readelf", "-h", path)
    assert "__stack_chk_fail" in symbols
    assert re.search(r"__\w+_chk\b", symbols.replace("__stack_chk_fail", "")), "not fortified"


def test_soname(libdir):
    assert "[libskua.so.0.1]" in run("readelf", "-d", libdir / "libskua.so")


def test_man_pages_are_well_formed(prefix):
    pages = [p for p in sorted((prefix / "share" / "man").glob("man*/*")) if not p.is_symlink()]
    assert len(pages) > 5
    run("mandoc", "-T", "lint", "-W", "warning", *pages)


def test_each_function_has_a_page(prefix):
    map_text = (BUILD / "skua.map").read_text()
    functions = re.findall(r"^\s+(skua_\w+);", map_text, re.M)
    assert functions
    for name in functions:
        page = prefix / "share" / "man" / "man3" / (name + ".3")
        assert re.search(r"^\.Fo %s$" % name, page.read_text(), re.M), name
