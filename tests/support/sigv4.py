# SPDX-License-Identifier: Apache-2.0
"""AWS Signature Version 4, the side that signs, for tests that sign wrongly on purpose. Written from Amazon's description; the
tools of test_s3.py sign for themselves."""
import hashlib
import hmac
import time
import urllib.parse

UNRESERVED = "-._~"


def quote(text, safe=""):
    return urllib.parse.quote(text, safe=UNRESERVED + safe)


def signature(secret, date, region, text):
    key = ("AWS4" + secret).encode()
    for part in (date[:8], region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def canonical_query(query):
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    return "&".join(sorted(f"{quote(k)}={quote(v)}" for k, v in pairs))


def string_to_sign(method, path, query, headers, payload, date, region):
    names = ";".join(sorted(headers))
    lines = "".join(f"{k}:{' '.join(headers[k].split())}\n" for k in sorted(headers))
    request = f"{method}\n{quote(urllib.parse.unquote(path), '/')}\n{canonical_query(query)}\n{lines}\n{names}\n{payload}"
    scope = f"{date[:8]}/{region}/s3/aws4_request"
    return f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}", names, scope


class Key:
    """access key, secret, session token (or None)."""

    def __init__(self, access, secret, token=None, region="us-east-1"):
        self.access, self.secret, self.token, self.region = access, secret, token, region

    def date(self, at=None):
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() if at is None else at))

    def headers(self, method, host, target, body=b"", payload=None, headers=None, at=None):
        """Headers of a signed request. payload: what x-amz-content-sha256 says (default: the body's hash)."""
        path, _, query = target.partition("?")
        date = self.date(at)
        payload = payload or hashlib.sha256(body).hexdigest()
        signed = {"host": host, "x-amz-date": date, "x-amz-content-sha256": payload}
        if self.token:
            signed["x-amz-security-token"] = self.token
        signed.update({k.lower(): v for k, v in (headers or {}).items()})
        text, names, scope = string_to_sign(method, path, query, signed, payload, date, self.region)
        sig = signature(self.secret, date, self.region, text)
        signed["authorization"] = f"AWS4-HMAC-SHA256 Credential={self.access}/{scope}, SignedHeaders={names}, Signature={sig}"
        return signed

    def presign(self, method, host, path, expires=300, at=None):
        """Path and query of a presigned URL."""
        date = self.date(at)
        args = {"X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                "X-Amz-Credential": f"{self.access}/{date[:8]}/{self.region}/s3/aws4_request",
                "X-Amz-Date": date, "X-Amz-Expires": str(expires), "X-Amz-SignedHeaders": "host"}
        if self.token:
            args["X-Amz-Security-Token"] = self.token
        query = "&".join(f"{quote(k)}={quote(v)}" for k, v in sorted(args.items()))
        text, _, _ = string_to_sign(method, path, query, {"host": host}, "UNSIGNED-PAYLOAD", date, self.region)
        return f"{path}?{query}&X-Amz-Signature={signature(self.secret, date, self.region, text)}"
