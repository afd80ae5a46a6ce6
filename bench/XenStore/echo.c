/* The limit of the medium: answers each message with as many bytes as the message's second word says, and does nothing else. */
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int take(int s, char *to, size_t left)
{
    while (left) {
        ssize_t n = read(s, to, left);
        if (n <= 0)
            return 0;
        to += n;
        left -= n;
    }
    return 1;
}

int main(int argc, char **argv)
{
    static char buffer[1 << 17];
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), s;

    if (argc != 2)
        return 2;
    strncpy(address.sun_path, argv[1], sizeof(address.sun_path) - 1);
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 1))
        return 1;
    s = accept(listener, 0, 0);
    for (;;) {
        /* One read for a whole message, as a daemon would do it. */
        ssize_t have = read(s, buffer, sizeof(buffer));
        uint32_t head[4];
        if (have < (ssize_t)sizeof(head))
            return 0;
        memcpy(head, buffer, sizeof(head));
        if (have < (ssize_t)(sizeof(head) + head[3]) && !take(s, buffer + have, sizeof(head) + head[3] - have))
            return 0;
        if (write(s, buffer, head[1]) != head[1])
            return 0;
    }
}
