#!/usr/bin/env python3
"""Golden runs: what scripts of tests/golden/NAME say about a capture, word for word.

Each folder (those in 2017/ too) holds `args` (words for flowactors, paths from the top of the repository), the inline scripts (*.lua, or
all that is in inline/), modules/ if there are any, `expected.txt` and a README.
`tests/golden/accept [NAME]...` takes the new words as expected, to be read before they are committed."""
import re
import shutil
import sys
import unittest

from flowactors import Case, main, top

golden = top / "tests" / "golden"


class Golden(Case):
    def setUp(self):
        super().setUp()
        self.modules = self.folder / "scripts" / "lua" / "modules"

    def words_of(self, folder):
        for script in folder.glob("*.lua"):
            shutil.copy(script, self.inline)
        for given, place in (folder / "inline", self.inline), (top / "scripts" / "lua", self.modules.parent), (folder / "modules", self.modules):
            if given.exists():
                shutil.copytree(given, place, dirs_exist_ok=True)
        args = (folder / "args").read_text().split()
        sets = "log.level=warning", "report.summary=false", "inline.deadline=1s"  # a slow machine is no difference
        out, err = self.run_it("--strict-ledger", *(word for each in sets for word in ("--set", each)), *args, cwd=top)
        err = re.sub(r"^\d{4}-\S+ ", "", err, flags=re.M).replace(str(self.folder), "...")
        err = re.sub(r"\.\.\.\S*-e2e-\w+/", ".../", err)  # as Lua shortens it
        return out + "-- standard error --\n" + err if err else out

    def compare(self, folder):
        self.assertTrue((folder / "README").read_text().strip(), "a golden run says what it is for")
        self.maxDiff = None
        self.assertEqual(self.words_of(folder), (folder / "expected.txt").read_text())

    def accept(self, folder):
        (folder / "expected.txt").write_text(self.words_of(folder))


accepting = sys.argv[1:2] == ["accept"]
wanted = sys.argv[2:] if accepting else []
for case in sorted(p.parent for p in golden.rglob("args") if not wanted or p.parent.name in wanted):
    work = Golden.accept if accepting else Golden.compare
    setattr(Golden, f"test_{'_'.join(case.relative_to(golden).parts)}", lambda self, case=case, work=work: work(self, case))

if __name__ == "__main__":
    if accepting:
        del sys.argv[1:]
    main()
