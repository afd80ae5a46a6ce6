/*
 * One queue of lib/Rings, its two ends and the memory between them: see docs/rings.md.
 *
 * A store goes into its side's store buffer first and reaches the memory later, in order, as on x86; a fence waits until the
 * buffer is empty. A notification is latched, and comes after what was stored before it. A message is one or two units of room long and consists of its own number.
 *
 * Checked: the reader gets every message whole and in order, nothing is overwritten before it was released, nobody sleeps
 * for ever (an invalid end state), one request brings at most one notification, and who closes after the last message
 * loses none. Without NO_... defined there is no error; with each of these there must be one:
 *
 *   NO_READER_RECHECK, NO_WRITER_RECHECK   sleeps without looking again after asking for a notification
 *   NO_READER_FENCE, NO_WRITER_FENCE       looks again, or at the request, before its own store is visible
 *   EARLY_RELEASE                          gives room back before the message is copied
 *   STATE_AFTER_TAIL                       looks whether the writer has closed after looking for messages
 */

#define CAPACITY 3
#define MESSAGES 3

/* The words in memory; data is what a unit of the memory holds. */
#define TAIL 0
#define HEAD_WANTED 1
#define CLOSED 2
#define HEAD 0
#define TAIL_WANTED 1
#define DATA 3
byte written[6];
byte read[2];

/* Latched notifications, and how many more may come because they were asked for. */
bool tellReader, tellWriter;
byte readerAsked, writerAsked;

chan fromWriter = [8] of { byte, byte };
chan fromReader = [3] of { byte, byte };

active proctype Memory()
{
    byte word, value;
end:
    do
    :: atomic { fromWriter?word,value -> written[word] = value; word = 0; value = 0 }
    :: atomic { fromReader?word,value -> read[word] = value; word = 0; value = 0 }
    od
}

#ifdef NO_WRITER_FENCE
#define WRITER_FENCE skip
#else
#define WRITER_FENCE empty(fromWriter)
#endif
#ifdef NO_READER_FENCE
#define READER_FENCE skip
#else
#define READER_FENCE empty(fromReader)
#endif

#define HAS_ROOM (CAPACITY - (tail - head) >= size)

inline publish()
{
    if
    :: published != tail ->
        fromWriter!TAIL,tail;
        WRITER_FENCE;
        wanted = read[TAIL_WANTED];
        if
        :: published < wanted && wanted <= tail ->
            atomic { assert(readerAsked > 0); readerAsked--; tellReader = true }
        :: else
        fi;
        published = tail
    :: else
    fi
}

active proctype Writer()
{
    byte tail, published, head, wanted, size, number, i;
    for (number : 1 .. MESSAGES) {
        select(size : 1 .. 2);
        do
        :: HAS_ROOM -> break
        :: else ->
            head = read[HEAD];
            if
            :: HAS_ROOM
            :: else ->
                publish();
                atomic { writerAsked++; fromWriter!HEAD_WANTED,(tail + size - CAPACITY) };
                WRITER_FENCE;
#ifndef NO_WRITER_RECHECK
                head = read[HEAD];
#endif
                if
                :: HAS_ROOM
                :: else -> atomic { tellWriter -> tellWriter = false }
                fi
            fi
        od;
        for (i : 0 .. size - 1) {
            fromWriter!(DATA + (tail + i) % CAPACITY),(number * 2 + size - 1)
        }
        tail = tail + size;
        if
        :: publish()
        :: skip
        fi
    }
    publish();
    fromWriter!CLOSED,1;
    atomic { empty(fromWriter) -> tellReader = true }
}

#define NEXT written[DATA + (head + i) % CAPACITY]

inline release()
{
    if
    :: released != head ->
        fromReader!HEAD,head;
        READER_FENCE;
        wanted = written[HEAD_WANTED];
        if
        :: released < wanted && wanted <= head ->
            atomic { assert(writerAsked > 0); writerAsked--; tellWriter = true }
        :: else
        fi;
        released = head
    :: else
    fi
}

inline look()
{
#ifndef STATE_AFTER_TAIL
    closed = written[CLOSED];
#endif
    tail = written[TAIL];
#ifdef STATE_AFTER_TAIL
    closed = written[CLOSED];
#endif
}

active proctype Reader()
{
    byte head, released, tail, wanted, size, number, i;
    bool closed;
    do
    :: tail == head ->
        look();
        if
        :: tail != head
        :: tail == head && closed -> break
        :: else ->
            release();
            atomic { readerAsked++; fromReader!TAIL_WANTED,(head + 1) };
            READER_FENCE;
#ifndef NO_READER_RECHECK
            look();
#endif
            if
            :: tail != head || closed
            :: else -> atomic { tellReader -> tellReader = false }
            fi
        fi
    :: else ->
        number++;
        i = 0;
        size = 1 + NEXT % 2;
        assert(tail - head >= size);
#ifdef EARLY_RELEASE
        head = head + size;
        release();
        head = head - size;
#endif
        for (i : 0 .. size - 1) {
            assert(NEXT == number * 2 + size - 1)
        }
        head = head + size;
        if
        :: release()
        :: skip
        fi
    od;
    assert(number == MESSAGES)
}
