# AUTH (RFC 5034): with and without an initial response, cancelled, malformed.
# LOGIN and PLAIN; "{user}" has another name in each run, so it is wrong here.
S +OK...
C CAPA
S +OK...
S* SASL ...PLAIN...
S* .
C AUTH
S +OK...
S* PLAIN
S* .
C AUTH PLAIN
S +\x20
C *
S -ERR Cancelled
C AUTH PLAIN
S +\x20
C QUIT
S -ERR ...
C AUTH PLAIN !!!!
S -ERR Not base64...
C AUTH PLAIN AGFubgBzZWNyZXQ=
S -ERR [AUTH] ...
C AUTH PLAIN =
S -ERR ...
C AUTH LOGIN
S + VXNlcm5hbWU6
C YW5u
S + UGFzc3dvcmQ6
C c2VjcmV0
S -ERR [AUTH] ...
C AUTH NOSUCH
S -ERR ...
C AUTH PLAIN {x*20000}
S -ERR The line is too long
C AUTH PLAIN
S +\x20
C {x*20000}
S -ERR The line is too long
C STLS
S -ERR There is no TLS here
C USER {user}
S +OK...
C PASS {password}
S +OK...
C AUTH PLAIN
S -ERR Logged in already
C STLS
S -ERR Logged in already
C QUIT
S +OK...
S!
