"""Prints "PASSED FAILED" of a JUnit file. count.py ctest|pytest FILE EXIT_STATUS

ctest's entries are doctest executables: their own summaries are counted, an executable without one counts as one.
"""

import re
import sys
import xml.etree.ElementTree as xml

SUMMARY = re.compile(r"\[doctest\] test cases: *\d+ *\| *(\d+) passed *\| *(\d+) failed")


def count(kind: str, path: str) -> tuple[int, int]:
    passed = failed = 0
    for case in xml.parse(path).iter("testcase"):
        bad = case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail"
        if not bad and (case.find("skipped") is not None or case.get("status") in ("notrun", "disabled")):
            continue
        summary = SUMMARY.search(case.findtext("system-out") or "") if kind == "ctest" else None
        if summary:
            passed += int(summary[1])
            failed += max(int(summary[2]), int(bad))
        else:
            passed += not bad
            failed += bad
    return passed, failed


def main() -> None:
    kind, path, status = sys.argv[1:]
    try:
        passed, failed = count(kind, path)
    except (OSError, xml.ParseError):
        passed, failed = 0, 0
    if status != "0" and failed == 0:
        failed = 1
    print(passed, failed)


main()
