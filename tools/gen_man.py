import argparse, pathlib
p = argparse.ArgumentParser()
for a in ("--include", "--version", "--output"):
    p.add_argument(a)
a = p.parse_args()
pathlib.Path(a.output).mkdir(parents=True, exist_ok=True)
