# SPDX-License-Identifier: ISC
"""Mail with MIME parts of all kinds, made at random.

    generate(random.Random(7))              well-formed, in wire form
    generate(random.Random(7), odd=True)    as broken programs write it
"""

import base64
import quopri

TEXTS = {
    "us-ascii": "The quick brown fox. ",
    "utf-8": "Grüße aus Łódź, привет, 日本語. ",
    "iso-8859-1": "Grüße, señor, garçon. ",
    "koi8-r": "Съешь ещё этих мягких булок. ",
    "iso-2022-jp": "日本語のテキスト。",
    "windows-1252": "“quoted” – dash… ",
}
BINARY = ("image/png", "application/octet-stream", "application/pdf",
          "audio/basic", "video/mpeg", "application/x-y.z+w",
          "font/woff2", "model/vrml")
MULTIPART = ("mixed", "alternative", "related", "digest", "parallel", "signed",
             "report", "form-data", "x-unknown")
NAMES = ("report.pdf", "a b.txt", "naïve.txt", "日本.png", 'quo"te.txt',
         "back\\slash", "semi;colon=.txt", "x" * 90 + ".dat", "")
PEOPLE = ("Anna", "Bob B.", "O'Neil, Kim", 'The "Boss"', "Łukasz", "山田",
          "", "x (y) z", "a.b", "very long name " * 6 + "x")
BOUNDARY = "abcXYZ019'()+_,-./:=?"


def encoded_word(rng, text):
    charset = rng.choice(("utf-8", "UTF-8"))
    if rng.random() < .5:
        return f"=?{charset}?B?" + \
            base64.b64encode(text.encode()).decode() + "?="
    return f"=?{charset}?q?" + "".join(
        chr(c) if chr(c).isalnum() and c < 128 else f"={c:02X}"
        for c in text.encode()) + "?="


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def is_plain(text):
    return bool(text) and all(c.isalnum() and c < "\x80" or c in "-_."
                              for c in text)


class Writer:
    def __init__(self, rng, odd):
        self.rng, self.odd = rng, odd

    def chance(self, p):
        return self.rng.random() < p

    def weird(self, p=.05):
        return self.odd and self.chance(p)

    # ---- header fields ----

    def case(self, name):
        return self.rng.choice((name, name, name, name.lower(), name.upper()))

    def field(self, name, value):
        if self.weird(.01):
            return f"{self.case(name)} : {value}\r\n"
        return f"{self.case(name)}:{self.rng.choice((' ', ' ', '  ', ''))}" \
               f"{value}\r\n"

    def fold(self):
        return self.rng.choice((" ", " ", "\r\n ", "\r\n\t", "\r\n  "))

    def mailbox(self):
        local = self.rng.choice(("anna", "bob.b", '"a b"', "x+y", "o'k"))
        domain = self.rng.choice(("client.test", "a.b.c.test",
                                  "[127.0.0.1]", "EXAMPLE.test"))
        spec = f"{local}@{domain}"
        name = self.rng.choice(PEOPLE)
        if self.weird(.1):
            return self.rng.choice((
                local, "<>", f"<{spec}", f"x <{local}>", "@", spec + ">",
                f"<@relay.test,@b.test:{spec}>", f"{spec} (c)", '"', "a b",
                f"a <b> {spec}", "(only a comment)", "a;b", f"x {spec}",
                "=?utf-8?q?x?= <" + spec + ">", spec + ",", "," + spec))
        if not name:
            return self.rng.choice((spec, f"<{spec}>"))
        if not name.isascii():
            return f"{encoded_word(self.rng, name)} <{spec}>"
        if all(w.isalnum() for w in name.split()) and self.chance(.7):
            return f"{name} <{spec}>"
        return f"{quoted(name)}{self.fold()}<{spec}>"

    def addresses(self):
        some = [self.mailbox() for _ in range(self.rng.choice((1, 1, 2, 5)))]
        text = f",{self.fold()}".join(some)
        if self.chance(.1):
            return f"friends:{self.fold()}{text};"
        if self.chance(.05):
            return "undisclosed-recipients:;"
        return text

    def subject(self):
        text = self.rng.choice(("Hello", "Re: Hello", "", "Grüße", "日本語",
                                "[list] Fwd: (was: x)", 'say "x"', "a\\b",
                                "long " * 30))
        if text.isascii():
            return text.rstrip()
        return encoded_word(self.rng, text)

    def date(self):
        if self.weird():
            return self.rng.choice(("yesterday", "", "Mon, 32 Foo 2020"))
        return self.rng.choice(("Mon, 6 Jan 2020 10:11:12 +0100",
                                "6 Jan 2020 10:11 GMT",
                                "Mon, 06 Jan 2020 10:11:12 -0000 (comment)"))

    def head(self):
        """The fields of a message that are not about content."""
        lines = [self.field("From", self.addresses()),
                 self.field("Date", self.date())]
        for name, p, make in (
                ("To", .9, self.addresses), ("Cc", .3, self.addresses),
                ("Bcc", .1, self.addresses), ("Sender", .2, self.mailbox),
                ("Reply-To", .2, self.addresses),
                ("Subject", .9, self.subject),
                ("Message-ID", .9, lambda: "<%d@client.test>"
                 % self.rng.randrange(10**9)),
                ("In-Reply-To", .3, lambda: "<1@client.test>"),
                ("Received", .5, lambda: "from a by b;\r\n\tMon, 6 Jan 2020 "
                 "10:11:12 +0100"),
                ("MIME-Version", .9, lambda: "1.0")):
            if self.chance(p):
                lines.append(self.field(name, make()))
        if self.weird():
            lines.append(self.rng.choice((
                "no colon here\r\n", "Sender:\r\n", "Cc:  \r\n",
                "Subject: twice\r\n", "To: late@client.test\r\n",
                ": empty name\r\n", "From: \xe4\xf6\xfc <x@y.test>\r\n",
                "Reply-To: ,,,\r\n", "Subject:\r\n\tfolded at once\r\n")))
        self.rng.shuffle(lines)
        return "".join(lines)

    # ---- MIME fields ----

    def parameter(self, name, value):
        """"; name=value", perhaps extended or in pieces (RFC 2231)."""
        between = ";" + self.fold()
        if not value.isascii() or (
                name != "charset" and is_plain(value) and self.chance(.1)):
            coded = "".join(
                chr(c) if chr(c).isalnum() and c < 128 else f"%{c:02X}"
                for c in value.encode())
            if self.chance(.3):
                # not in the middle of an octet
                at = min(len(coded) - 1, 6)
                while "%" in coded[max(at - 2, 0):at]:
                    at += 1
                return f"{between}{name}*0*=utf-8'en'{coded[:at]}" \
                       f"{between}{name}*1*={coded[at:]}"
            return f"{between}{name}*=utf-8''{coded}"
        if len(value) > 60 and is_plain(value):
            return f"{between}{name}*0={value[:40]}" \
                   f"{between}{name}*1={quoted(value[40:])}"
        if is_plain(value) and self.chance(.5):
            return f"{between}{self.case(name)}={value}"
        return f"{between}{name}={quoted(value)}"

    def odd_parameter(self):
        return self.rng.choice((
            ";", ";;", "; =x", "; x", "; x=", '; x="y', "; x=y z", '; x="a"b',
            "; charset=a; charset=b", "; x*=utf-8", "; x*0=a; x*2=c",
            "; x*1=b; x*0=a", "; x*0*=''%41%; x*1=z", " x=y", "; x = y",
            "; x=(c)y", "; (c) x=y", "; x=y (c)", '; x="\\"', "; a\tb=c",
            "; x*=y'z", "; name=\xe4\xf6", ", x=y", "; x=<y>", "; x*0=1; x=2"))

    def content_type(self, kind, parameters):
        kind = self.rng.choice((kind, kind, kind, kind.upper()))
        text = kind + "".join(self.parameter(n, v) for n, v in parameters)
        if self.weird(.08):
            text = self.rng.choice((
                text + self.odd_parameter(), kind.split("/")[0], "",
                text.replace("/", " / ", 1), "(c) " + text,
                text.replace("/", "//", 1), text + " (comment)", "/" + kind,
                kind.split("/")[0] + "/"))
        return self.field("Content-Type", text)

    def common(self):
        """Fields that any part can have."""
        out = []
        for name, p, values in (
                ("Content-ID", .2, ("<id@client.test>", "<a.b@c>")),
                ("Content-Description", .2, ("A picture", "=?utf-8?q?=C3=A4?=",
                                             'with "quotes"')),
                ("Content-MD5", .05, ("Q2hlY2sgSW50ZWdyaXR5IQ==",)),
                ("Content-Language", .1, ("en", "en, fr", "de-AT,  de")),
                ("Content-Location", .1, ("http://client.test/a.png",
                                          "a/b.png"))):
            if self.chance(p):
                out.append(self.field(name, self.rng.choice(values)))
        if self.chance(.3):
            text = self.rng.choice(("inline", "attachment", "ATTACHMENT",
                                    "form-data"))
            if self.chance(.8):
                text += self.parameter("filename", self.rng.choice(NAMES))
            if self.chance(.3):
                text += self.parameter("size", "1234")
            if self.weird(.1):
                text += self.odd_parameter()
            out.append(self.field("Content-Disposition", text))
        self.rng.shuffle(out)
        return "".join(out)

    # ---- parts ----

    def encode(self, data, text):
        """(name, encoded): 7-bit lines where they must be."""
        ascii7 = data.isascii() and \
            all(len(line) < 900 for line in data.split(b"\n"))
        ways = ["base64", "quoted-printable"]
        if text and b"\0" not in data:
            ways += ["8bit", "7bit", None] if ascii7 else ["8bit"]
        way = self.rng.choice(ways)
        if way == "base64":
            data = base64.encodebytes(data).replace(b"\n", b"\r\n")
        elif way == "quoted-printable":
            data = quopri.encodestring(
                data.replace(b"\r\n", b"\n") if text else data,
                quotetabs=not text).replace(b"\r\n", b"\n").replace(
                    b"\n", b"\r\n")
        if self.weird():
            way = self.rng.choice(("x-unknown", "BASE64 (c)", "", "7 bit",
                                   "binary"))
        return way, data

    def leaf(self, only_text=False):
        if only_text or self.chance(.6):
            charset = self.rng.choice(tuple(TEXTS))
            lines = "\r\n".join(TEXTS[charset] * self.rng.randrange(4)
                                for _ in range(self.rng.randrange(6)))
            way, data = self.encode(lines.encode(charset), True)
            kind = self.rng.choice(("text/plain", "text/html", "text/x-y"))
            parameters = [("charset", charset)]
            if self.chance(.2):
                parameters.append(("format", "flowed"))
        else:
            way, data = self.encode(self.rng.randbytes(
                self.rng.choice((0, 1, 57, 300))), False)
            kind, parameters = self.rng.choice(BINARY), []
        if self.chance(.2):
            parameters.append(("name", self.rng.choice(NAMES)))
        header = "" if kind == "text/plain" and way is None and \
            parameters == [("charset", "us-ascii")] else \
            self.content_type(kind, parameters)
        if way is not None:
            header += self.field("Content-Transfer-Encoding",
                                 self.rng.choice((way, way.upper())))
        return header + self.common(), data

    def boundary(self, outer):
        text = "".join(self.rng.choices(BOUNDARY, k=self.rng.randrange(1, 30)))
        text = "=_" + text + str(self.rng.randrange(10**6))
        if outer and self.weird(.1):
            return outer + "x"      # RFC 2046 5.1.1: it is the outer one's
        return text

    def multipart(self, depth, outer):
        subtype = self.rng.choice(MULTIPART)
        boundary = self.boundary(outer)
        parameters = [("boundary", boundary)]
        if subtype == "signed":
            parameters.append(("protocol", "application/pgp-signature"))
        header = self.content_type(f"multipart/{subtype}", parameters)
        if self.weird(.03):
            header = self.content_type(f"multipart/{subtype}", [])
        header += self.common()
        body = self.rng.choice((b"", b"", b"This is MIME.\r\n",
                                b"a preamble\r\n\r\nof lines\r\n"))
        dash = b"--" + boundary.encode()
        for _ in range(self.rng.choice((1, 1, 2, 2, 3, 5))):
            part_header, part = self.part(depth + 1, boundary, subtype)
            padding = self.rng.choice((b"", b"", b"", b"  ", b"\t"))
            body += dash + padding + b"\r\n" + \
                part_header.encode("latin-1") + b"\r\n" + part + b"\r\n"
        if self.weird():
            return header, body[:self.rng.randrange(len(body))]
        body += dash + b"--"
        body += self.rng.choice((b"", b"\r\n", b"\r\n", b"\r\n\r\n",
                                 b"\r\nan epilogue\r\n", b" \r\nmore"))
        if self.weird(.02):
            body = body.replace(dash + b"--", b"", 1)
        return header, body

    def enclosed(self, depth, outer):
        header = self.content_type(
            self.rng.choice(("message/rfc822",) * 30 + ("message/global",))
            if self.odd else "message/rfc822", []) + self.common()
        return header, self.message(depth + 1, outer)

    def part(self, depth, outer, subtype=""):
        if subtype == "digest" and self.chance(.7):
            return "", self.message(depth + 1, outer)
        kind = self.rng.random()
        if depth < 5 and kind < .25:
            return self.multipart(depth, outer)
        if depth < 5 and kind < .4:
            return self.enclosed(depth, outer)
        return self.leaf()

    def message(self, depth, outer=None):
        header, body = self.part(depth, outer) if depth or self.chance(.3) \
            else self.multipart(depth, outer)
        text = (self.head() + header).encode("latin-1")
        if self.weird(.03):
            return text
        return text + b"\r\n" + body


def generate(rng, odd=False):
    return Writer(rng, odd).message(0)
