# A header with UTF-8 for clients that read it, and in ASCII for others.
setting recipient_delimiter = +
mail
From: J\xc3\xbcrg <j\xc3\xbc@a.test>
Subject: gr\xc3\xbcn

body \xc3\xbc
.
S +OK...
C CAPA
S* UTF8 USER
S LANG
S* .
C UTF8 x
S -ERR Wrong number of arguments
C USER {user}
S +OK...
C PASS {password}
S +OK...
C LIST 1
S +OK 1 {was:\d+}
C UTF8
S -ERR Logged in already
C RETR 1
S +OK {longer:\d+} octets
S* From: =?UTF-8?Q?J=C3=BCrg_j=C3=BC=40a=2Etest?=...
S* Subject: =?UTF-8?Q?gr=C3=BCn?=
S* body \xc3\xbc
S .
C TOP 1 0
S +OK...
S* Subject: =?UTF-8?Q?gr=C3=BCn?=
S* .
C QUIT
S +OK...
S!
open pop3 other
S +OK...
C UTF8
S +OK UTF-8 from now on
C STLS
S -ERR STLS comes before UTF8
C USER {user}
S +OK...
C PASS {password}
S +OK...
C RETR 1
S +OK {was} octets
S* From: J\xc3\xbcrg <j\xc3\xbc@a.test>
S* Subject: gr\xc3\xbcn
S* .
