# Who does not log in cannot stay by talking.
setting login_timeout = 1s
S +OK...
C CAPA
S +OK...
S* .
S!
