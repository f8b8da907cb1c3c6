# SORT by each key, and conversations (RFC 5256, 5957, 5267).
mail
From: "Zoe" <anna@a.test>
To: Carl <c@x.test>
Cc: <z@x.test>
Date: Mon, 02 Mar 2026 10:00:00 +0000
Subject: lunch
Message-ID: <1@x>

some text that makes it the longest of them all
.
mail
From: adam <bert@a.test>
To: "Bob" <d@x.test>
Cc: <y@x.test>
Date: Mon, 02 Mar 2026 09:00:00 +0000
Subject: Re: Lunch
Message-ID: <2@x>
References: <1@x>

short
.
mail
From: <carla@a.test>
To: <a@x.test>
Date: Mon, 02 Mar 2026 12:00:00 +0100
Subject: [list] fwd: apple
Message-ID: <3@x>
References: <gone@x>

shorter
.
mail
From: <dora@a.test>
Date: Tue, 03 Mar 2026 12:00:00 +0100
Subject: banana
Message-ID: <4@x>
References: <gone@x>

s
.
mail
From: <emil@a.test>
Date: Wed, 04 Mar 2026 12:00:00 +0100
Subject: Re: Re: lunch
Message-ID: <5@x>
In-Reply-To: <2@x>

s2
.
S * OK ...
C a LOGIN {user} {password}
S a OK ...
C b SELECT INBOX
S* b OK ...
C c SORT (ARRIVAL) UTF-8 ALL
S * SORT 1 2 3 4 5
S c OK ...
C d SORT (REVERSE ARRIVAL) UTF-8 ALL
S * SORT {order:.*}
S d OK ...
C e SORT (DATE) UTF-8 ALL
S * SORT 2 1 3 4 5
S e OK ...
C f UID SORT (REVERSE DATE) US-ASCII 2:5
S * SORT 5 4 3 2
S f OK ...
C g SORT (SUBJECT DATE) UTF-8 ALL
S * SORT 3 4 2 1 5
S g OK ...
C h SORT (FROM) UTF-8 ALL
S * SORT 1 2 3 4 5
S h OK ...
C i SORT (DISPLAYFROM) UTF-8 1:3
S * SORT 2 3 1
S i OK ...
C j SORT (TO) UTF-8 1:3
S * SORT 3 1 2
S j OK ...
C k SORT (DISPLAYTO) UTF-8 1:3
S * SORT 3 2 1
S k OK ...
C l SORT (REVERSE CC) UTF-8 1:3
S * SORT 1 2 3
S l OK ...
C m SORT (REVERSE SIZE) UTF-8 1
S * SORT 1
S m OK ...
C n SORT RETURN (MIN MAX COUNT ALL) (DATE) UTF-8 ALL
S * ESEARCH (TAG "n") MIN 2 MAX 5 COUNT 5 ALL 2,1,3:5
S n OK ...
C o SORT RETURN (SAVE PARTIAL 1:2) (REVERSE DATE) UTF-8 ALL
S * ESEARCH (TAG "o") PARTIAL (1:2 5,4)
S o OK ...
C p SEARCH $
S * SEARCH 4 5
S p OK ...
C q THREAD REFERENCES UTF-8 ALL
S * THREAD (1 2 5)((3)(4))
S q OK ...
C r THREAD ORDEREDSUBJECT UTF-8 ALL
S * THREAD (2 (1)(5))(3)(4)
S r OK ...
C s UID THREAD REFERENCES UTF-8 2:3
S * THREAD (2)(3)
S s OK ...
C t THREAD REFERENCES UTF-8 SUBJECT nothing
S * THREAD
S t OK ...
C u THREAD OTHER UTF-8 ALL
S u BAD ...
C v SORT () UTF-8 ALL
S v BAD ...
C w SORT (DATE REVERSE) UTF-8 ALL
S w BAD ...
C x SORT (DATE) ALL
S x BAD ...
C y SORT (DATE) NOTHING ALL
S y NO [BADCHARSET ...
C z LOGOUT
S* z OK ...
S!
