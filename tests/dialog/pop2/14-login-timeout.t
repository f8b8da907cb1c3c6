# Who does not log in is sent away, however busy he is with half a line.
setting login_timeout = 1s
S + POP2 ...
C> HELO {user} pass
S!
