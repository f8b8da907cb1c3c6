# A login by AUTH PLAIN; a server of its own has the user that it names.
setting hostname = mail.example.test
S +OK...
C AUTH PLAIN AHVzZXIwQGV4YW1wbGUudGVzdABzZXNhbWU=
S +OK Logged in, 0 messages
C STAT
S +OK 0 0
C QUIT
S +OK...
S!
open pop3 second
S +OK...
C AUTH LOGIN
S + VXNlcm5hbWU6
C dXNlcjBAZXhhbXBsZS50ZXN0
S + UGFzc3dvcmQ6
C c2VzYW1l
S +OK Logged in, 0 messages
