"""The sample reports of print_report (argument 1), as Python's email package understands them."""
import email, email.policy, email.utils, subprocess, sys

RCPTS = [
    ("rfc822; bob@example.net", "failed", "5.1.1", "smtp; 550 5.1.1 No such user here"),
    ('rfc822; "a b"@example.org', "failed", "4.4.7", "x-smtpgate; connection refused"),
    ("rfc822; carol@example.com", "delayed", "4.2.2", "smtp; 452 4.2.2 mailbox full"),
]


def report(which):
    raw = subprocess.run([sys.argv[1], which], check=True, stdout=subprocess.PIPE).stdout
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    faults = [d for part in message.walk() for d in part.defects]
    assert not faults, faults
    assert raw.isascii() and raw.count(b"\n") == raw.count(b"\r\n")
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    assert message["Auto-Submitted"] == "auto-replied"
    assert email.utils.parsedate_to_datetime(message["Date"]).timestamp() == 1795428000
    assert message["Message-ID"].startswith("<m42.") and message["References"] == "<1@company.com>"
    return message, message.get_payload()


def check_status(part):
    assert part.get_content_type() == "message/delivery-status"
    first, *rest = [block for block in part.get_payload() if block.keys()]
    assert first["Reporting-MTA"] == "dns; gateway.company.com"
    assert email.utils.parsedate_to_datetime(first["Arrival-Date"]).timestamp() == 1795428000 - 5 * 3600
    found = [(b["Final-Recipient"], b["Action"], b["Status"], b["Diagnostic-Code"]) for b in rest]
    assert found == RCPTS, found


message, (text, status, original) = report("sender")
assert message["To"] == "scan@company.com"
assert "550 5.1.1 No such user here" in text.get_content()
check_status(status)
assert original.get_content_type() == "message/rfc822"
inner = original.get_payload(0)
assert inner["Subject"] == "Page 1 of 2" and inner.get_content() == "The page.\r\n", inner.as_bytes()

message, (text, status, original) = report("operator")
assert message["To"] == "postmaster@company.com"
assert "null" in text.get_content()
check_status(status)
assert original.get_content_type() == "text/rfc822-headers"
assert "The page" not in original.get_content()
print("both reports are read as they were meant")
