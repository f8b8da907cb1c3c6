# A form of one's own.
setting pop3_uidl = <%v:%05u>
mail
Subject: one

first
.
S +OK...
C USER {user}
S +OK...
C PASS {password}
S +OK...
C UIDL 1
S +OK 1 <{validity:[0-9]+}:00001>
