/*
 * How two services find each other over a page that outlives both, and again after each restart: see docs/rings.md, "A ring
 * between two services".
 *
 * Side 0 makes the channel, side 1 connects to it. A restart comes between any two steps; what the side knew is lost, and the
 * channel with it. A side may also end a session because it wants to. In each session each side sends one message.
 *
 * Checked: whoever receives a message is in the same session as the sender was, and whatever happened, both sides end up
 * in one session with the messages exchanged (anything else that lasts is an invalid end state). Side 1 looks at side 0's
 * epoch now and then by itself; side 0 only when its bell has rung. Without NO_... defined there is no error; with each of
 * these there must be one:
 *
 *   NO_ZERO       a side begins without zeroing its words in the queues
 *   NO_RAISE      a side begins again after a session with the same epoch
 *   NO_WAIT       uses the queues before the other side has joined
 *   NO_RING       does not ring after joining
 *   CONNECT_ONCE  side 1 keeps its channel when side 0 has begun again
 */

#define RESTARTS 2
#define ENDINGS 1
#define PEER (1 - _pid)

/* The words in memory; a queue is how many messages were published, and the last one. */
byte epoch[2], joined[2], port;
byte tail[2], dataOwn[2], dataPeer[2];

/* The channel: the number of the live one, whether side 1 is connected to it, and the latched bells. */
byte live, ports;
bool connected;
bool bell[2];

/* Not in the program: how often each side has begun; what may still happen. */
byte begun[2];
bool crash[2];
byte endings = ENDINGS;

inline ring()
{
    atomic {
        if
        :: connected -> bell[PEER] = true
        :: else
        fi
    }
}

inline begin()
{
    joined[_pid] = 0;
    joinedEpoch = 0;
#ifndef NO_ZERO
    tail[_pid] = 0;
#endif
    if
    :: isNew ->
        own = epoch[_pid];
        if
        :: _pid == 0 ->
            atomic { ports++; live = ports; connected = false };
            port = live
        :: else
        fi
    :: else
    fi;
#ifdef NO_RAISE
    if
    :: isNew -> own++
    :: else
    fi;
#else
    own++;
#endif
    atomic { epoch[_pid] = own; begun[_pid]++ };
    isNew = false;
    ring()
}

inline join()
{
    if
#ifdef CONNECT_ONCE
    :: _pid == 1 && joinedBefore -> skip
#else
    :: false
#endif
    :: else ->
        if
        :: _pid == 1 ->
            seen = port;
            atomic {
                if
                :: seen != 0 && seen == live -> connected = true
                :: else -> seen = 0
                fi
            }
        :: else -> seen = 1
        fi
    fi;
    if
    :: seen != 0 ->
        joinedBefore = true;
        joinedEpoch = e;
        joined[_pid] = e;
#ifndef NO_RING
        ring()
#endif
    :: else
    fi
}

inline meet()
{
    inSession = false;
    do
    :: inSession -> break
    :: else ->
        e = epoch[PEER];
        if
        :: e != 0 && e != joinedEpoch -> join()
        :: else
        fi;
        if
#ifdef NO_WAIT
        :: joinedEpoch != 0 ->
#else
        :: joinedEpoch != 0 && joined[PEER] == own ->
#endif
            atomic {
                if
                :: epoch[PEER] == joinedEpoch -> inSession = true; partner = begun[PEER]
                :: else
                fi
            }
        :: else
        fi;
        if
        :: inSession
        :: else ->
            if
            :: atomic { bell[_pid] -> bell[_pid] = false }
            :: _pid == 1 && epoch[PEER] != 0 && epoch[PEER] != joinedEpoch
            fi
        fi
    od
}

inline talk()
{
    got = 0;
    dataOwn[_pid] = begun[_pid];
    dataPeer[_pid] = partner;
    tail[_pid] = 1;
    ring();
    do
    :: tail[PEER] == 1 && got == 0 ->
        assert(dataOwn[PEER] == partner && dataPeer[PEER] == begun[_pid]);
        got = 1
    :: tail[PEER] == 0 && got == 1 -> break
    :: tail[PEER] == got ->
        if
        :: epoch[PEER] != joinedEpoch -> break
        :: atomic { epoch[PEER] == joinedEpoch && endings > 0 -> endings-- }; break
        :: epoch[PEER] == joinedEpoch && got == 0 ->
            if
            :: atomic { bell[_pid] -> bell[_pid] = false }
            :: _pid == 1 && epoch[PEER] != joinedEpoch
            fi
        :: epoch[PEER] == joinedEpoch && got == 1 ->
end:        if
            :: atomic { bell[_pid] -> bell[_pid] = false }
            :: _pid == 1 && epoch[PEER] != joinedEpoch
            fi
        fi
    od
}

active [2] proctype Side()
{
    byte own, joinedEpoch, e, seen, partner, got;
    bool isNew, inSession, joinedBefore;
start:
    {
        isNew = true;
        joinedBefore = false;
        do
        :: begin();
            meet();
            talk()
        od
    } unless {
        atomic {
            crash[_pid] ->
                crash[_pid] = false;
                connected = false;
                bell[_pid] = false;
                own = 0; joinedEpoch = 0; e = 0; seen = 0; partner = 0; got = 0; inSession = false;
                if
                :: _pid == 0 -> live = 0
                :: else
                fi
        }
    };
    goto start
}

active proctype Fate()
{
    byte left = RESTARTS;
    do
    :: left > 0 -> left--; crash[0] = true
    :: left > 0 -> left--; crash[1] = true
    :: break
    od
}
