package apifuzz

import "strings"

// hostile are texts that have broken programs before.
var hostile = []string{
	"' OR '1'='1", `"; DROP TABLE websites; --`, "1' UNION SELECT password_hash FROM users--", "%27%20OR%201=1", "\\'; EXEC xp_cmdshell('dir'); --",
	"../../../../etc/passwd", `..\..\windows\win.ini`, "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/", "....//....//etc/passwd", "/etc/passwd\x00.png", "file:///etc/passwd",
	"{{7*7}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{{constructor.constructor('return 1')()}}", "${jndi:ldap://127.0.0.1/a}",
	"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "javascript:alert(1)", "<!--#exec cmd=\"id\"-->", "]]>", "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>",
	"a\r\nSet-Cookie: admin=1", "a\nX-Injected: 1", "\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "%0d%0aLocation:%20http://evil.example",
	"; id", "| id", "`id`", "$(id)", "&& id", "\x00", "a\x00b", "\x01\x02\x1b[31m", "\ufeff", "\u202egnp.exe", "\u0000", "\U0010ffff", "\ufffe", "z̸̢̛͓̭̈́̈", "ﷺ", "👩‍👩‍👧‍👦",
	"%s%s%s%n", "%x%x%d", "NaN", "null", "undefined", "true", "-1", "0x7fffffff", "1e309", "9223372036854775808", "-9223372036854775809", "0", "00", "٣", "1_000",
	"http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:22/", "http://[::1]/", "//evil.example", "http://user:pass@evil.example", "gopher://127.0.0.1:6379/_INFO",
	"xn--", "xn--a", "a..example", "-a.example", "a.example.", "localhost", "a_b.example", strings.Repeat("a", 64) + ".example", strings.Repeat("a.", 130) + "example",
	"(a+)+$", "*", "?", "**", "[", "\\", "'", `"`, " ", "\t", "", ".", "..", "/", "//", "~", "CON", "con.txt", "*)(uid=*))(|(uid=*", "__proto__", "constructor",
	"site_" + strings.Repeat("0", 26), "run_" + strings.Repeat("z", 300), strings.Repeat("A", 1000), strings.Repeat("ü", 5000), strings.Repeat("x", 20000),
}

// brokenJSON are bodies that no parser should take.
var brokenJSON = []string{
	"", "{", "}", "[", `{"a":}`, `{"a":1,}`, `{a:1}`, `{'a':1}`, `{"a":1}{"a":1}`, `{"a":1} x`, "NaN", "Infinity", `{"a":NaN}`, `{"a":01}`, `{"a":+1}`, `{"a":.5}`, `{"a":0x10}`,
	"\xef\xbb\xbf{}", "{\"a\":\"\xff\"}", "{\"a\":\"\xc0\xaf\"}", "{\"a\":\"\n\"}", `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":1,"a":2}`, `{"a":{"b":1,"b":1}}`, "nul", "tru", "\x00", "// {}", "{}/**/",
	`{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}", strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200), "<a/>", "a=1&b=2", "---\na: 1\n",
}

// oddTypes are content types that no operation takes.
var oddTypes = []string{
	"text/plain", "application/x-www-form-urlencoded", "application/xml", "text/html", "application/octet-stream", "image/png", "application/json-patch+json",
	"application/problem+json", "application/cbor", "application/x-ndjson", "json", "application/", ";", "a/b/c",
}

// badCredentials are values of an Authorization header that open nothing.
var badCredentials = []string{
	"Bearer", "Bearer ", "Bearer x", "Basic YWRtaW46YWRtaW4=", "bearer null", "Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJ1c2VyX2lkIjoidXNlcl8xIiwicGVybWlzc2lvbnMiOlsiYWRtaW4uZnVsbCJdLCJleHAiOjk5OTk5OTk5OTl9.",
	"Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "Bearer mfm_" + strings.Repeat("A", 43), "Bearer mfm_", "Digest username=\"a\"",
	"Bearer a b", "Token x", "Bearer " + strings.Repeat("a.", 4000), "Bearer ' OR 1=1 --", "Negotiate AAAA",
}

// badQueries are query strings that no operation takes.
var badQueries = []string{
	"limit=0", "limit=-1", "limit=10001", "limit=x", "limit=1.5", "limit=1e3", "limit=99999999999999999999", "limit=NaN", "offset=-1", "offset=x", "offset=99999999999999999999",
	"limit=%zz", "%", "limit=%00", "unknown=1", "limit[]=1", "limit[a]=1", "limit=1&unknown", "=", "&&&", "limit=1;offset=2", "%F0%28%8C%28=1", "a=b=c", "limit=٣", "__proto__[x]=1",
	"limit=1%0d%0aX-A:%201", "cursor=AAAA", "status=odd&state=odd", strings.Repeat("a", 5000) + "=1",
}
