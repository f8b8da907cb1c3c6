# LANG: what there is, and replies in another one.
S +OK...
C LANG
S +OK...
S i-default English
S en English
S de Deutsch
S .
C LANG fr
S -ERR There is no such language
C LANG de-CH
S +OK de Ab jetzt Deutsch
C STAT
S -ERR Erst anmelden
C USER {user}
S +OK Das Passwort, bitte
C PASS {password}
S +OK Angemeldet, 0 Nachrichten
C LIST 7
S -ERR Es gibt nur 0 Nachrichten
C NONSENSE
S -ERR Unbekannter Befehl
C LANG *
S +OK i-default English it is
C NOOP
S +OK Still here
C LANG en fr
S -ERR Wrong number of arguments
C QUIT
S +OK Good bye
S!
