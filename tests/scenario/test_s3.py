# SPDX-License-Identifier: Apache-2.0
"""The S3 door with the tools people have, unmodified, and with requests that are wrong on purpose."""
import base64
import contextlib
import hashlib
import http.client
import json
import os
import re
import subprocess
import time
import unittest
import unittest.mock
import urllib.parse
import zlib

import nal
import npm
import sigv4
from doorward import Scenario, Server, fault_build, sample, wait_for

AWS = "/usr/bin/aws"
ONVIF_KEY = "site-2/2026-11-08/camera-5/15/08-23.547Z.{}.mp4"
SDK = """
import {readFileSync, createReadStream} from "node:fs";
import * as s3 from "@aws-sdk/client-s3";
const [endpoint, key, secret, what, file, name] = process.argv.slice(2);
const client = new s3.S3Client({endpoint, region: "us-east-1", forcePathStyle: true, maxAttempts: 2,
                                credentials: {accessKeyId: key, secretAccessKey: secret}});
const at = {Bucket: "cam", Key: name};
if (what === "stream") {
    const size = readFileSync(file).length;
    console.log(JSON.stringify(await client.send(new s3.PutObjectCommand({...at, Body: createReadStream(file), ContentLength: size,
                                                                          Metadata: {kind: "ring"}}))));
} else if (what === "buffer") {
    const body = readFileSync(file);
    for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "SHA1", "SHA256"]) {
        console.log(JSON.stringify(await client.send(new s3.PutObjectCommand({...at, Body: body, ChecksumAlgorithm}))));
    }
} else if (what === "list") {
    const names = [];
    let token;
    do {
        const page = await client.send(new s3.ListObjectsV2Command({Bucket: "cam", Prefix: name, MaxKeys: 2, ContinuationToken: token}));
        names.push(...page.Contents.map((o) => [o.Key, o.Size, o.ETag]));
        token = page.NextContinuationToken;
    } while (token);
    console.log(JSON.stringify(names));
}
"""


def md5(data):
    return hashlib.md5(data).hexdigest()


def read(path):
    with open(path, "rb") as f:
        return f.read()


def code(answer):
    """The code of an XML error."""
    found = re.search(rb"<Code>(\w+)</Code>", answer.body)
    return found.group(1).decode() if found else None


class Door(Scenario):
    """127.0.0.1 is the door's own host; localhost is the server's."""
    env = {"DOORWARD_S3_HOST": "127.0.0.1"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home = cls.server.household()
        made = cls.server.admin("s3-key", "create", "--camera", cls.home.camera_id)
        cls.key = sigv4.Key(made["access_key"], made["secret"])
        cls.endpoint = made["endpoint"]
        assert cls.endpoint == f"{cls.server.url}/s3", made
        cls.host = f"localhost:{cls.server.port}"
        cls.clip = sample(3)
        cls.data = read(cls.clip)

    def ask(self, method, target, body=b"", key=None, wire=None, host=None, **how):
        """One signed request; wire: the bytes that are really sent."""
        headers = (key or self.key).headers(method, host or self.host, target, body, **how)
        return self.server.request(method, target, body=body if wire is None else wire, headers=headers)

    def named(self, name):
        return [c for c in self.home.clips("limit=200") if c["name"] == name]

    def assert_played(self, name, source):
        """One clip of that name, whose pictures are the source's."""
        clips = self.named(name)
        self.assertEqual(len(clips), 1, clips)
        path = os.path.join(self.server.folder, "played.mp4")
        with open(path, "wb") as f:
            f.write(self.home.get(f"/api/v1/clips/{clips[0]['id']}/clip.mp4", timeout=120).body)
        self.assertEqual(nal.digest(path), nal.digest(source))
        return clips[0]

    def tool(self, *command, env=None, code=0):
        env = {"PATH": os.environ["PATH"], "HOME": self.server.folder, "LANG": "C.UTF-8", **(env or {})}
        r = subprocess.run(command, env=env, capture_output=True, text=True, timeout=240, stdin=subprocess.DEVNULL)
        self.assertEqual(r.returncode, code, f"{command}\n{r.stdout}\n{r.stderr}")
        return r.stdout


class Tools(Door):
    @property
    def aws_env(self):
        return {"AWS_ACCESS_KEY_ID": self.key.access, "AWS_SECRET_ACCESS_KEY": self.key.secret, "AWS_DEFAULT_REGION": "eu-west-1",
                "AWS_CA_BUNDLE": self.server.ca_file, "AWS_EC2_METADATA_DISABLED": "true"}

    def aws(self, *args, endpoint=None):
        return self.tool(AWS, "--endpoint-url", endpoint or self.endpoint, *args, env=self.aws_env)

    def file(self, name, text):
        path = os.path.join(self.server.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def test_aws_cli(self):
        self.aws("s3", "cp", self.clip, "s3://cam/aws/clip.mp4", "--metadata", "kind=ring,started-at=2026-11-20T10:00:00Z")
        clip = self.assert_played("aws/clip.mp4", self.clip)
        self.assertEqual((clip["kind"], clip["started_at"]), ("ring", "2026-11-20T10:00:00.000Z"))
        self.assertIn("clip.mp4", self.aws("s3", "ls", "s3://cam/aws/"))
        self.assertIn(self.home.camera_id, self.aws("s3", "ls"))
        told = json.loads(self.aws("s3api", "head-object", "--bucket", self.home.camera_id, "--key", "aws/clip.mp4"))
        self.assertEqual((told["ContentLength"], told["ETag"], told["Metadata"]["kind"]), (len(self.data), f'"{md5(self.data)}"', "ring"))
        self.aws("s3api", "head-bucket", "--bucket", "cam")
        self.assertIsNone(json.loads(self.aws("s3api", "get-bucket-location", "--bucket", "cam"))["LocationConstraint"])
        self.tool(AWS, "--endpoint-url", self.endpoint, "s3", "cp", "s3://cam/aws/clip.mp4", "-", env=self.aws_env, code=1)
        self.aws("s3", "rm", "s3://cam/aws/clip.mp4")
        self.assertEqual(len(self.named("aws/clip.mp4")), 1)

    def test_aws_cli_cuts_a_large_clip_into_parts(self):
        large = sample(40, size="1280x720", rate=30, extra=("-b:v", "6M", "-minrate", "6M", "-maxrate", "6M", "-bufsize", "1M", "-nal-hrd", "cbr"))
        self.assertGreater(os.path.getsize(large), 16 << 20)
        self.aws("s3", "cp", large, "s3://cam/aws/large.mp4")
        self.assert_played("aws/large.mp4", large)
        etag = json.loads(self.aws("s3api", "head-object", "--bucket", "cam", "--key", "aws/large.mp4"))["ETag"]
        parts = [read(large)[at:at + (8 << 20)] for at in range(0, os.path.getsize(large), 8 << 20)]
        want = hashlib.md5(b"".join(hashlib.md5(p).digest() for p in parts)).hexdigest()
        self.assertEqual(etag, f'"{want}-{len(parts)}"')
        spool = os.path.join(self.server.data, "spool")
        left = wait_for("the parts to go", lambda: not [f for _, _, files in os.walk(spool) for f in files], 30)
        self.assertTrue(left)

    def test_aws_sync_sends_nothing_twice_even_what_its_owner_deleted(self):
        folder = os.path.join(self.server.folder, "sync")
        os.makedirs(folder, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.symlink(self.clip, os.path.join(folder, "a.mp4"))
        self.assertIn("upload", self.aws("s3", "sync", folder, "s3://cam/sync/"))
        self.assertEqual(self.aws("s3", "sync", folder, "s3://cam/sync/").strip(), "")
        self.assertEqual(self.home.delete(f"/api/v1/clips/{self.named('sync/a.mp4')[0]['id']}").status // 100, 2)
        self.assertEqual(self.aws("s3", "sync", folder, "s3://cam/sync/").strip(), "")
        self.assertEqual(self.named("sync/a.mp4"), [])

    def test_a_presigned_url_of_boto(self):
        text = ("import boto3, sys; from botocore.config import Config; c = boto3.client('s3', endpoint_url=sys.argv[1], "
                "config=Config(signature_version='s3v4', s3={'addressing_style': 'path'})); "
                "print(c.generate_presigned_url('put_object', Params={'Bucket': 'cam', 'Key': 'pre signed/ü.mp4'}, ExpiresIn=300))")
        url = self.tool("/usr/bin/python3", "-c", text, self.endpoint, env=self.aws_env).strip()
        for _ in range(2):
            r = self.server.curl("-w", "%{http_code}", "-T", self.clip, url)
            self.assertEqual(r.stdout, "200", r.stderr)
        self.assert_played("pre signed/ü.mp4", self.clip)

    def test_s3cmd_below_a_path_and_with_a_host_of_its_own(self):
        for n, base in enumerate((f"{self.host}/s3", f"127.0.0.1:{self.server.port}")):
            config = self.file(f"s3cfg{n}", f"[default]\naccess_key = {self.key.access}\nsecret_key = {self.key.secret}\nhost_base = {base}\n"
                               f"host_bucket = {base}\nuse_https = True\nca_certs_file = {self.server.ca_file}\n")
            self.tool("s3cmd", "-c", config, "put", self.clip, f"s3://cam/s3cmd/{n}.mp4")
            self.assert_played(f"s3cmd/{n}.mp4", self.clip)
            self.assertIn(f"s3cmd/{n}.mp4", self.tool("s3cmd", "-c", config, "ls", "--list-md5", "s3://cam/s3cmd/"))
            self.assertIn("UploadId", self.tool("s3cmd", "-c", config, "-q", "multipart", "s3://cam") + "UploadId")

    def test_rclone(self):
        config = self.file("rclone.conf", f"[dw]\ntype = s3\nprovider = Other\naccess_key_id = {self.key.access}\nsecret_access_key = "
                           f"{self.key.secret}\nendpoint = {self.endpoint}\nregion = us-east-1\n")
        rclone = ("rclone", "--config", config, "--ca-cert", self.server.ca_file)
        self.tool(*rclone, "copyto", self.clip, "dw:cam/rclone/clip.mp4")
        self.assert_played("rclone/clip.mp4", self.clip)
        self.tool(*rclone, "check", "--one-way", self.clip, "dw:cam/rclone/", code=1)  # another name: told as missing
        self.assertIn(f"{len(self.data)} clip.mp4", self.tool(*rclone, "ls", "dw:cam/rclone"))
        self.tool(*rclone, "copyto", "--s3-upload-cutoff", "0", "--s3-chunk-size", "5M", self.clip, "dw:cam/rclone/parts.mp4")
        self.assert_played("rclone/parts.mp4", self.clip)

    def test_aws_sdk_of_javascript(self):
        def run(what, name):
            r = npm.node(SDK, self.endpoint, self.key.access, self.key.secret, what, self.clip, name,
                         env={"NODE_EXTRA_CA_CERTS": self.server.ca_file})
            self.assertEqual(r.returncode, 0, r.stderr)
            return [json.loads(line) for line in r.stdout.splitlines()]
        self.assertEqual(run("stream", "sdk/stream.mp4")[0]["ETag"], f'"{md5(self.data)}"')
        self.assertEqual(self.assert_played("sdk/stream.mp4", self.clip)["kind"], "ring")
        self.assertEqual({a["ETag"] for a in run("buffer", "sdk/buffer.mp4")}, {f'"{md5(self.data)}"'})
        self.assert_played("sdk/buffer.mp4", self.clip)
        self.assertEqual(run("list", "sdk/")[0], [[f"sdk/{n}.mp4", len(self.data), f'"{md5(self.data)}"'] for n in ("buffer", "stream")])

    def test_curl_signs_itself(self):
        signed = ("--aws-sigv4", "aws:amz:us-east-1:s3", "-u", f"{self.key.access}:{self.key.secret}")
        r = self.server.curl("-w", "%{http_code}", *signed, "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD", "-T", self.clip,
                             f"{self.endpoint}/cam/curl/clip.mp4")
        self.assertEqual(r.stdout, "200", r.stderr)
        self.assert_played("curl/clip.mp4", self.clip)
        r = self.server.curl(*signed, f"{self.endpoint}/cam?list-type=2&prefix=curl/")
        self.assertIn("<Key>curl/clip.mp4</Key>", r.stdout)

    def test_a_host_of_its_own(self):
        target = "/host/clip.mp4"
        r = self.server.curl("-w", "%{http_code}", "--aws-sigv4", "aws:amz:us-east-1:s3", "-u", f"{self.key.access}:{self.key.secret}",
                             "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD", "-T", self.clip, f"https://127.0.0.1:{self.server.port}/cam{target}")
        self.assertEqual(r.stdout, "200", r.stderr)
        self.assert_played("host/clip.mp4", self.clip)


class HostStyle(Door):
    env = {"DOORWARD_S3_HOST": "s3.localhost", "DOORWARD_TLS_NAMES": "localhost,s3.localhost,*.s3.localhost"}

    def test_bucket_in_the_host_and_root_path(self):
        for bucket in ("cam", self.home.camera_id):
            for url in (f"https://{bucket}.s3.localhost:{self.server.port}/v/{bucket}.mp4",
                        f"https://s3.localhost:{self.server.port}/{bucket}/p/{bucket}.mp4"):
                host = urllib.parse.urlsplit(url).hostname
                r = self.server.curl("-k", "-w", "%{http_code}", "--resolve", f"{host}:{self.server.port}:127.0.0.1", "--aws-sigv4",
                                     "aws:amz:us-east-1:s3", "-u", f"{self.key.access}:{self.key.secret}", "-H",
                                     "x-amz-content-sha256: UNSIGNED-PAYLOAD", "-T", self.clip, url)
                self.assertEqual(r.stdout, "200", r.stderr)
            self.assertEqual((len(self.named(f"v/{bucket}.mp4")), len(self.named(f"p/{bucket}.mp4"))), (1, 1))
        self.assertEqual(self.server.get("/healthz").status, 200)


class Refused(Door):
    def put(self, name, body=None, **how):
        return self.ask("PUT", f"/s3/cam/{name}", self.data if body is None else body, **how)

    def nothing(self, name):
        self.assertEqual(self.named(name), [])
        self.assertEqual(self.ask("HEAD", f"/s3/cam/{name}").status, 404)

    def test_signatures_that_are_wrong(self):
        other = sigv4.Key(self.key.access, "x" * 43)
        self.assertEqual(code(self.put("wrong.mp4", key=other)), "SignatureDoesNotMatch")
        unknown = sigv4.Key("DW" + "A" * 18, self.key.secret)
        self.assertEqual(code(self.put("wrong.mp4", key=unknown)), "InvalidAccessKeyId")
        self.assertEqual(code(self.server.request("PUT", "/s3/cam/wrong.mp4", body=self.data)), "AccessDenied")
        self.assertEqual(code(self.server.request("GET", "/s3/cam", basic=("cam", self.home.camera_secret))), "InvalidRequest")
        headers = self.key.headers("PUT", self.host, "/s3/cam/wrong.mp4", self.data)
        headers["x-amz-meta-kind"] = "ring"  # not signed
        self.assertEqual(code(self.server.request("PUT", "/s3/cam/wrong.mp4", body=self.data, headers=headers)), "AccessDenied")
        headers = self.key.headers("PUT", self.host, "/s3/cam/other.mp4", self.data)
        self.assertEqual(code(self.server.request("PUT", "/s3/cam/wrong.mp4", body=self.data, headers=headers)), "SignatureDoesNotMatch")
        self.nothing("wrong.mp4")

    def test_clocks_that_are_off(self):
        for off in (-1000, 1000):
            self.assertEqual(code(self.put("skewed.mp4", at=time.time() + off)), "RequestTimeTooSkewed")
        self.assertEqual(self.put("skewed-a-little.mp4", at=time.time() - 800).status, 200)
        late = self.key.presign("PUT", self.host, "/s3/cam/skewed.mp4", expires=60, at=time.time() - 61)
        self.assertEqual(code(self.server.request("PUT", late, body=self.data)), "AccessDenied")
        self.nothing("skewed.mp4")

    def test_other_cameras_buckets(self):
        neighbour = self.server.household()
        made = self.server.admin("s3-key", "create", "--camera", neighbour.camera_id)
        key = sigv4.Key(made["access_key"], made["secret"])
        self.put("mine.mp4")
        for bucket in (self.home.camera_id, "nobody", "00000000-0000-7000-8000-000000000000"):
            for method, target in (("PUT", f"/s3/{bucket}/x.mp4"), ("GET", f"/s3/{bucket}?list-type=2"), ("HEAD", f"/s3/{bucket}/mine.mp4"),
                                   ("POST", f"/s3/{bucket}/x.mp4?uploads"), ("DELETE", f"/s3/{bucket}/mine.mp4")):
                answer = self.ask(method, target, b"", key=key)
                self.assertEqual((answer.status, code(answer) if method != "HEAD" else "AccessDenied"), (403, "AccessDenied"), target)
        self.assertNotIn(b"mine.mp4", self.ask("GET", "/s3/cam?list-type=2", key=key).body)

    def test_bodies_that_are_not_what_was_promised(self):
        other = self.data[:-1] + b"x"
        wrong = {"x-amz-checksum-crc32": base64.b64encode(zlib.crc32(other).to_bytes(4, "big")).decode()}
        cases = [("sha.mp4", {"wire": other}, "XAmzContentSHA256Mismatch"),
                 ("md5.mp4", {"headers": {"content-md5": base64.b64encode(hashlib.md5(other).digest()).decode()}}, "BadDigest"),
                 ("crc.mp4", {"headers": wrong}, "BadDigest"),
                 ("digest.mp4", {"headers": {"content-md5": "abc"}}, "InvalidDigest")]
        for name, how, want in cases:
            self.assertEqual(code(self.put(name, **how)), want, name)
            self.nothing(name)

    def test_streamed_bodies_with_a_chunk_changed(self):
        """STREAMING-AWS4-HMAC-SHA256-PAYLOAD: each chunk signed; whole it is taken, changed anywhere it is not."""
        for spoil in (False, True):
            name, date = f"stream-{spoil}.mp4", self.key.date()
            headers = self.key.headers("PUT", self.host, f"/s3/cam/{name}", payload="STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                                       headers={"x-amz-decoded-content-length": str(len(self.data)), "content-encoding": "aws-chunked"})
            date, previous, wire = headers["x-amz-date"], headers["authorization"].rsplit("=", 1)[1], b""
            for at in list(range(0, len(self.data), 65536)) + [len(self.data)]:
                chunk = self.data[at:at + 65536]
                text = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", date, f"{date[:8]}/us-east-1/s3/aws4_request", previous,
                                  hashlib.sha256(b"").hexdigest(), hashlib.sha256(chunk).hexdigest()])
                previous = sigv4.signature(self.key.secret, date, "us-east-1", text)
                wire += f"{len(chunk):x};chunk-signature={previous}\r\n".encode() + chunk + b"\r\n"
            if spoil:
                wire = wire[:40000] + bytes([wire[40000] ^ 1]) + wire[40001:]
            answer = self.server.request("PUT", f"/s3/cam/{name}", body=wire, headers=headers)
            self.assertEqual((answer.status, code(answer)), (403, "SignatureDoesNotMatch") if spoil else (200, None))
        self.assert_played("stream-False.mp4", self.clip)
        self.nothing("stream-True.mp4")

    def test_a_replay_answers_as_before_or_is_refused(self):
        headers = self.key.headers("PUT", self.host, "/s3/cam/replay.mp4", payload="UNSIGNED-PAYLOAD")
        first = self.server.request("PUT", "/s3/cam/replay.mp4", body=self.data, headers=headers)
        again = self.server.request("PUT", "/s3/cam/replay.mp4", body=self.data, headers=headers)
        self.assertEqual((first.status, again.status, first.headers["ETag"]), (200, 200, again.headers["ETag"]))
        other = self.server.request("PUT", "/s3/cam/replay.mp4", body=read(sample(6)), headers=headers)
        self.assertEqual((other.status, code(other)), (403, "AccessDenied"))
        self.assert_played("replay.mp4", self.clip)
        bad = self.key.headers("PUT", self.host, "/s3/cam/failed.mp4", payload="UNSIGNED-PAYLOAD")
        self.assertEqual(self.server.request("PUT", "/s3/cam/failed.mp4", body=b"no media" * 100, headers=bad).status, 415)
        self.assertEqual(self.server.request("PUT", "/s3/cam/failed.mp4", body=self.data, headers=bad).status, 200)

    def test_what_is_not_offered_and_not_taken(self):
        self.put("there.mp4")
        for method, target, want in (("GET", "/s3/cam/there.mp4", "AccessDenied"), ("GET", "/s3/cam?acl", "NotImplemented"),
                                     ("GET", "/s3/cam/there.mp4?tagging", "NotImplemented"), ("DELETE", "/s3/cam", "NotImplemented"),
                                     ("PUT", "/s3/cam/side.json", "UnsupportedMediaType"), ("POST", "/s3/cam/x?select", "NotImplemented"),
                                     ("PUT", f"/s3/cam/{'k' * 256}", "KeyTooLongError"), ("PUT", "/s3/cam/empty.mp4", "InvalidRequest"),
                                     ("PUT", "/s3/cam/2026-11-08/15/08-23Z.0.m4a", "UnsupportedMediaType"),
                                     ("GET", "/s3/cam?list-type=3", "InvalidArgument"), ("GET", "/s3/cam?max-keys=x", "InvalidArgument"),
                                     ("GET", "/s3/cam/there.mp4?uploadId=1", "NoSuchUpload")):
            body = b"" if method != "PUT" or target.endswith("empty.mp4") else b'{"a": 1}'
            answer = self.ask(method, target, body)
            self.assertEqual(code(answer), want, target)
            self.assertIn(b"<RequestId>", answer.body)
        copy = self.put("copy.mp4", b"", headers={"x-amz-copy-source": "cam/there.mp4"})
        self.assertEqual(code(copy), "NotImplemented")
        only = self.put("there.mp4", headers={"if-none-match": "*"})
        self.assertEqual((only.status, code(only)), (412, "PreconditionFailed"))
        self.assertEqual(self.ask("DELETE", "/s3/cam/there.mp4").status, 204)
        self.assertEqual(len(self.named("there.mp4")), 1)


class Onvif(Door):
    def renew(self, secret):
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": self.home.camera_id, "client_secret": secret})
        answer = self.server.request("POST", "/oauth/token", body=form.encode(), headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual((answer.status, answer.json["token_type"], answer.headers["Cache-Control"]), (200, "Bearer", "no-store"))
        told = self.server.get("/onvif/storage", token=answer.json["access_token"]).json
        user = told["user"]
        return told, sigv4.Key(user["username"], user["password"], user["token"], told["region"])

    def test_a_camera_renews_uploads_and_loses_its_keys_when_the_secret_is_rotated(self):
        told, key = self.renew(self.home.camera_secret)
        parts = urllib.parse.urlsplit(told["storageUri"])
        self.assertEqual(parts.path, f"/{self.home.camera_id}")
        name = ONVIF_KEY.format(0)
        target = f"{parts.path}/{name}"
        headers = key.headers("PUT", parts.netloc, target, self.data, headers={"x-amz-meta-EventTopic": "tns1:RuleEngine/CellMotionDetector/Motion"})
        sent = self.server.curl("-w", "%{http_code}", *[a for k, v in headers.items() if k != "host" for a in ("-H", f"{k}: {v}")], "-T", self.clip,
                                f"https://{parts.netloc}{target}")
        self.assertEqual(sent.stdout, "200", sent.stderr)
        clip = self.assert_played(name, self.clip)
        self.assertEqual((clip["kind"], clip["started_at"]), ("motion", "2026-11-08T15:08:23.547Z"))
        bare = sigv4.Key(key.access, key.secret)
        self.assertEqual(code(self.ask("GET", "/s3/cam", key=bare)), "InvalidToken")
        self.assertEqual(code(self.ask("GET", "/s3/cam", key=sigv4.Key(self.key.access, self.key.secret, "dwk_x"))), "InvalidToken")
        self.assertEqual(self.ask("GET", "/s3/cam", key=key).status, 200)
        rotated = self.server.admin("camera", "rotate", "--camera", self.home.camera_id)["secret"]
        for old in (key, self.key):
            self.assertEqual(code(self.ask("GET", "/s3/cam", key=old)), "InvalidAccessKeyId")
        self.home.camera_secret = rotated
        made = self.server.admin("s3-key", "create", "--camera", self.home.camera_id)
        type(self).key = sigv4.Key(made["access_key"], made["secret"])

    def test_the_end_of_a_span_says_what_is_missing(self):
        lead = "site/2026-11-09/cam-1"
        for n, minute in enumerate(("10", "11", "13")):  # the third of four did not come
            number = n if n < 2 else 3
            self.assertEqual(self.ask("PUT", f"/s3/cam/{lead}/15/{minute}-00Z.{number}.mp4", self.data).status, 200)
        end = f"{lead}/15/14-00Z.4.mp4_end"
        self.assertEqual(self.ask("PUT", f"/s3/cam/{end}", b"").status, 200)
        said = [line for line in self.server.log_lines("s3_span_incomplete") if line["key"] == end]
        self.assertEqual([line["missing"] for line in said], [1])
        self.assertEqual(self.ask("HEAD", f"/s3/cam/{end}").headers["Content-Length"], "0")
        self.assertIn(b"<CommonPrefixes><Prefix>site/</Prefix>", self.ask("GET", "/s3/cam?list-type=2&delimiter=%2F").body)

    def test_a_seek_table_and_a_duration_that_do_not_fit_are_noted(self):
        """The fragmented file's own mfra, once with the whole file, once with a file that lost its end on the way."""
        whole = os.path.join(self.server.folder, "fragmented.mp4")
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", sample(6), "-c", "copy", "-movflags", "frag_keyframe+empty_moov", whole], check=True,
                       stdin=subprocess.DEVNULL)
        data = read(whole)
        mfra = data[data.rindex(b"mfra") - 4:]
        scale = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=time_base", "-of", "csv=p=0", whole],
                               capture_output=True, text=True, check=True).stdout.strip().split("/")[1]
        told = {"x-amz-meta-SeekTable": base64.b64encode(mfra).decode(), "x-amz-meta-Timescale": scale, "x-amz-meta-Duration": "PT6S"}
        short = data[:[m.start() - 4 for m in re.finditer(b"moof", data)][3]]
        for n, (body, notes) in enumerate(((data, []), (short, ["seek table names 3 points"]))):
            key = f"2026-11-10/cam/10/0{n}-00Z.{n}.mp4"
            self.assertEqual(self.ask("PUT", f"/s3/cam/{key}", body, headers=told).status, 200)
            said = [note for note in self.named(key)[0]["notes"] if "camera" in note]
            self.assertEqual(len(said), len(notes), said)
            for note, want in zip(said, notes):
                self.assertIn(want, note)
        told.pop("x-amz-meta-SeekTable")
        key = "2026-11-10/cam/10/03-00Z.3.mp4"
        self.assertEqual(self.ask("PUT", f"/s3/cam/{key}", short, headers=told).status, 200)
        self.assertTrue(any("said that it recorded 6.0 s" in note for note in self.named(key)[0]["notes"]))

    def test_errors_of_the_token_endpoint(self):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for body, basic, want in ((b"", None, (400, "invalid_request")), (b"grant_type=password", None, (400, "unsupported_grant_type")),
                                  (b"grant_type=client_credentials", None, (401, "invalid_client")),
                                  (b"grant_type=client_credentials", ("cam", "wrong"), (401, "invalid_client")),
                                  (b"grant_type=client_credentials&client_secret=x", ("cam", "x"), (400, "invalid_request")),
                                  (b"grant_type=client_credentials&grant_type=x", None, (400, "invalid_request"))):
            answer = self.server.request("POST", "/oauth/token", body=body, basic=basic, headers=form)
            self.assertEqual((answer.status, answer.json["error"]), want)
        neighbour = self.server.household()
        mixed = self.server.request("POST", "/oauth/token", body=b"grant_type=client_credentials", headers=form,
                                    basic=(self.home.camera_id, neighbour.camera_secret))
        self.assertEqual((mixed.status, mixed.json["error"]), (401, "invalid_client"))
        self.assertEqual(self.server.get("/onvif/storage", token="dwo_made-up").status, 401)


class Parts(Door):
    def start(self, name):
        answer = self.ask("POST", f"/s3/cam/{name}?uploads")
        return re.search(rb"<UploadId>([^<]+)", answer.body).group(1).decode()

    def part(self, name, upload, number, data):
        return self.ask("PUT", f"/s3/cam/{name}?partNumber={number}&uploadId={upload}", data)

    def complete(self, name, upload, parts):
        xml = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>&quot;{etag}&quot;</ETag></Part>" for n, etag in parts)
        return self.ask("POST", f"/s3/cam/{name}?uploadId={upload}", f"<CompleteMultipartUpload>{xml}</CompleteMultipartUpload>".encode())

    def test_parts_in_any_order_sent_again_and_completed_twice(self):
        name, upload = "parts/a.mp4", self.start("parts/a.mp4")
        half = len(self.data) // 2
        pieces = {1: self.data[:half], 2: self.data[half:]}
        self.assertEqual(self.part(name, upload, 2, b"wrong").status, 200)
        for n in (2, 1):
            self.assertEqual(self.part(name, upload, n, pieces[n]).headers["ETag"], f'"{md5(pieces[n])}"')
        listed = self.ask("GET", f"/s3/cam/{name}?uploadId={upload}").body
        self.assertEqual(re.findall(rb"<PartNumber>(\d+)", listed), [b"1", b"2"])
        self.assertIn(upload.encode(), self.ask("GET", "/s3/cam?uploads").body)
        self.assertEqual(code(self.complete(name, upload, [(1, md5(pieces[1])), (2, md5(b"wrong"))])), "InvalidPart")
        self.assertEqual(code(self.complete(name, upload, [(2, md5(pieces[2])), (1, md5(pieces[1]))])), "InvalidPartOrder")
        for _ in range(2):
            done = self.complete(name, upload, [(n, md5(pieces[n])) for n in (1, 2)])
            self.assertEqual(done.status, 200, done)
        self.assert_played(name, self.clip)
        self.assertEqual(code(self.part(name, upload, 3, b"late")), "NoSuchUpload")
        self.assertNotIn(upload.encode(), self.ask("GET", "/s3/cam?uploads").body)

    def test_an_aborted_upload_leaves_nothing(self):
        name, upload = "parts/b.mp4", self.start("parts/b.mp4")
        self.part(name, upload, 1, self.data)
        self.assertEqual(self.ask("DELETE", f"/s3/cam/{name}?uploadId={upload}").status, 204)
        self.assertEqual(code(self.complete(name, upload, [(1, md5(self.data))])), "NoSuchUpload")
        self.assertEqual(code(self.ask("DELETE", f"/s3/cam/{name}?uploadId={upload}")), "NoSuchUpload")
        spool = os.path.join(self.server.data, "spool")
        wait_for("the part to go", lambda: not [f for _, _, files in os.walk(spool) for f in files], 30)
        self.assertEqual(self.named(name), [])

    def test_a_part_that_breaks_its_promise_is_not_kept(self):
        name, upload = "parts/c.mp4", self.start("parts/c.mp4")
        target = f"/s3/cam/{name}?partNumber=1&uploadId={upload}"
        self.assertEqual(code(self.ask("PUT", target, self.data, wire=self.data[:-1] + b"x")), "XAmzContentSHA256Mismatch")
        self.assertEqual(code(self.complete(name, upload, [(1, md5(self.data))])), "InvalidPart")
        for bad in (b"", b"<CompleteMultipartUpload/>", b"<!DOCTYPE x><CompleteMultipartUpload></CompleteMultipartUpload>", b"<a"):
            self.assertEqual(code(self.ask("POST", f"/s3/cam/{name}?uploadId={upload}", bad)), "MalformedXML")

    def test_parts_outlive_a_crash(self):
        name, upload = "parts/d.mp4", self.start("parts/d.mp4")
        half = len(self.data) // 2
        self.part(name, upload, 1, self.data[:half])
        self.server.kill()
        self.server.start()
        self.assertEqual(self.part(name, upload, 2, self.data[half:]).status, 200)
        done = self.complete(name, upload, [(1, md5(self.data[:half])), (2, md5(self.data[half:]))])
        self.assertEqual(done.status, 200, done)
        self.assert_played(name, self.clip)


class Crash(Door):
    """kill -9 between the clip's commit and the door's own row: the tool sends again, and there is one clip."""

    @classmethod
    def setUpClass(cls):
        build = fault_build()
        with unittest.mock.patch("doorward.Server", lambda env: Server(env, build)):
            super().setUpClass()

    def die_at(self, point, *requests):
        self.server.stop()
        self.server.env["DOORWARD_FAULT_AT"] = point
        self.server.start()
        with contextlib.suppress(OSError, http.client.HTTPException):
            for request in requests:
                request()
        wait_for(f"the server to die at {point}", lambda: self.server.process.poll() is not None, 30)
        del self.server.env["DOORWARD_FAULT_AT"]
        self.server.start()

    def test_put_object(self):
        for point in ("s3_after_upload", "s3_before_record"):
            target = f"/s3/cam/crash/{point}.mp4"
            self.die_at(point, lambda: self.ask("PUT", target, self.data))
            self.assertEqual(self.ask("HEAD", target).status, 404)
            # In the same second it has the same signature, which the dead server took: 503 until the next one.
            wait_for("another signature", lambda: self.ask("PUT", target, self.data).status == 200, 5)
            self.assertEqual(self.ask("HEAD", target).headers["Content-Length"], str(len(self.data)))
            self.assert_played(f"crash/{point}.mp4", self.clip)

    def test_complete_multipart_upload(self):
        target = "/s3/cam/crash/parts.mp4"
        answer = self.ask("POST", f"{target}?uploads")
        upload = re.search(rb"<UploadId>([^<]+)", answer.body).group(1).decode()
        self.ask("PUT", f"{target}?partNumber=1&uploadId={upload}", self.data)
        xml = f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{md5(self.data)}</ETag></Part></CompleteMultipartUpload>".encode()
        self.die_at("s3_before_complete", lambda: self.ask("POST", f"{target}?uploadId={upload}", xml))
        self.assertEqual(self.ask("POST", f"{target}?uploadId={upload}", xml).status, 200)
        self.assert_played("crash/parts.mp4", self.clip)


del Door  # has no tests of its own

if __name__ == "__main__":
    unittest.main()
