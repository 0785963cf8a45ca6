#!/bin/sh
# Reads the sample reports with another's parser: Python's email package. Without python3: skipped (77).
command -v python3 >/dev/null || { echo "python3 is not there"; exit 77; }
exec python3 "${srcdir:-.}/tests/mail/read_report.py" ./tests/mail/print_report
