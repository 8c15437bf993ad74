#!/usr/bin/env python3
"""Golden runs: what scripts of tests/golden/NAME say about a capture, word for word.

Each folder holds `args` (words for flowactors, paths from the top of the repository), the inline scripts, `expected.txt` and a README.
`tests/golden/accept [NAME]...` takes the new words as expected, to be read before they are committed."""
import shutil
import sys
import unittest

from flowactors import Case, main, top

golden = top / "tests" / "golden"


class Golden(Case):
    def words_of(self, folder):
        for script in folder.glob("*.lua"):
            shutil.copy(script, self.inline)
        args = (folder / "args").read_text().split()
        out, err = self.run_it("-q", "--strict-ledger", "--set", "inline.deadline=1s", *args, cwd=top)  # a slow machine is no difference
        return out + "-- standard error --\n" + err if err else out

    def compare(self, folder):
        self.assertTrue((folder / "README").read_text().strip(), "a golden run says what it is for")
        self.maxDiff = None
        self.assertEqual(self.words_of(folder), (folder / "expected.txt").read_text())

    def accept(self, folder):
        (folder / "expected.txt").write_text(self.words_of(folder))


accepting = sys.argv[1:2] == ["accept"]
wanted = sys.argv[2:] if accepting else []
for case in sorted(p for p in golden.iterdir() if p.is_dir() and (not wanted or p.name in wanted)):
    work = Golden.accept if accepting else Golden.compare
    setattr(Golden, f"test_{case.name}", lambda self, case=case, work=work: work(self, case))

if __name__ == "__main__":
    if accepting:
        del sys.argv[1:]
    main()
