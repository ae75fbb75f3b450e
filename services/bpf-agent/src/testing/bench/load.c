/* Client and server of the datapath's benchmark: as little of their own as there can be, so that what is measured is the way between.
 *
 *   load serve <port>                      echoes ('e' is a connection's first byte) or takes in ('s') until it is killed
 *   load connect <ipv4> <port> <count>     connects, exchanges a byte, closes: count times
 *   load ping <ipv4> <port> <seconds>      exchanges 64 bytes on one connection
 *   load bulk <ipv4> <port> <seconds>      sends as fast as it can on one connection
 * A client ends with one line: what it did (connections, round trips, bytes), the seconds it took, and those of CPU.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static struct sockaddr_in address_of(const char *ip, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
    if (inet_pton(AF_INET, ip, &address.sin_addr) != 1)
        fail("address");
    return address;
}

static int connect_to(struct sockaddr_in *address)
{
    int one = 1;
    /* closed by RST: TIME_WAIT would use up the ports */
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)address, sizeof(*address)) < 0)
        fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    return fd;
}

static void exchange(int fd, char *bytes, size_t size)
{
    if (write(fd, bytes, size) != (ssize_t)size)
        fail("write");
    for (size_t got = 0; got < size;) {
        ssize_t part = read(fd, bytes + got, size - got);
        if (part <= 0)
            fail("read");
        got += (size_t)part;
    }
}

static void serve(const char *port)
{
    static char buffer[1 << 18];
    static char is_sink[1 << 16];
    struct sockaddr_in address = address_of("0.0.0.0", port);
    int one = 1, poll = epoll_create1(0), listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, 1024) < 0)
        fail("listen");
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[64];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    puts("serving");
    fflush(stdout);
    for (;;) {
        int count = epoll_wait(poll, ready, 64, -1);
        for (int i = 0; i < count; i++) {
            int fd = ready[i].data.fd;
            if (fd == listener) {
                fd = accept(listener, 0, 0);
                if (fd < 0)
                    continue;
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
                is_sink[fd] = 0;
                event.data.fd = fd;
                epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
                continue;
            }
            ssize_t size = read(fd, buffer, sizeof(buffer));
            if (size > 0 && buffer[0] == 's')
                is_sink[fd] = 1;
            if (size <= 0 || (!is_sink[fd] && write(fd, buffer, (size_t)size) != size))
                close(fd);
        }
    }
}

int main(int count, char **words)
{
    static char bytes[1 << 18];
    if (count == 3 && !strcmp(words[1], "serve"))
        serve(words[2]);
    if (count != 5)
        return 2;
    struct sockaddr_in address = address_of(words[2], words[3]);
    double limit = atof(words[4]), begun = now(), done = 0;
    memset(bytes, 'e', sizeof(bytes));
    if (!strcmp(words[1], "connect")) {
        for (; done < limit; done++) {
            int fd = connect_to(&address);
            exchange(fd, bytes, 1);
            close(fd);
        }
    } else if (!strcmp(words[1], "ping")) {
        int fd = connect_to(&address);
        for (; now() - begun < limit; done++)
            exchange(fd, bytes, 64);
    } else {
        memset(bytes, 's', sizeof(bytes));
        int fd = connect_to(&address);
        while (now() - begun < limit) {
            ssize_t sent = write(fd, bytes, sizeof(bytes));
            if (sent < 0)
                fail("write");
            done += (double)sent;
        }
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("{\"done\":%.0f,\"seconds\":%.6f,\"cpuSeconds\":%.6f}\n", done, now() - begun, cpu);
    return 0;
}
