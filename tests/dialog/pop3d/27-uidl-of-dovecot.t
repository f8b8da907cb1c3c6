# The form of Dovecot's default: UID and UIDVALIDITY as hexadecimals.
setting pop3_uidl = dovecot
mail
Subject: one

first
.
S +OK...
C USER {user}
S +OK...
C PASS {password}
S +OK...
C UIDL
S +OK...
S 1 00000001{validity:[0-9a-f]{8}}
S .
C UIDL 1
S +OK 1 00000001{validity}
