/* session PORT: as session.mjs, with hiredis, plain. */
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static redisReply *ask(redisContext *store, const char *format, int number) {
    redisReply *reply = redisCommand(store, format, number);
    if (reply == NULL) {
        printf("%s\n", store->errstr);
        exit(1);
    }
    return reply;
}

static void expect(int fine, const char *what) {
    if (fine) return;
    printf("not as expected: %s\n", what);
    exit(1);
}

int main(int count, char **args) {
    redisContext *store = redisConnect("127.0.0.1", count > 1 ? atoi(args[1]) : 7001);
    expect(store != NULL && store->err == 0, "connect");
    redisReply *reply = ask(store, "SET hiredis-%d v", 1);
    expect(reply->type == REDIS_REPLY_STATUS && strcmp(reply->str, "OK") == 0, "SET");
    freeReplyObject(reply);
    reply = ask(store, "GET hiredis-%d", 1);
    expect(reply->type == REDIS_REPLY_STRING && strcmp(reply->str, "v") == 0, "GET");
    freeReplyObject(reply);
    for (int i = 0; i < 10000; ++i) redisAppendCommand(store, "SET hiredis-%d %d", i, i);
    for (int i = 0; i < 10000; ++i) {
        expect(redisGetReply(store, (void **)&reply) == REDIS_OK, "a pipeline");
        expect(strcmp(reply->str, "OK") == 0, "a pipeline");
        freeReplyObject(reply);
    }
    puts("ready");
    fflush(stdout);
    long long done = 0;
    long long failed = 0;
    struct pollfd input = {.fd = 0, .events = POLLIN};
    while (poll(&input, 1, 0) == 0) {
        reply = ask(store, "INCR hiredis-counter-%d", (int)((done + failed) % 16));
        if (reply->type == REDIS_REPLY_INTEGER) {
            if (++done % 200 == 0) {
                printf("at %lld\n", done);
                fflush(stdout);
            }
        } else {
            ++failed;
        }
        freeReplyObject(reply);
    }
    long long sum = 0;
    for (int i = 0; i < 16; ++i) {
        reply = ask(store, "GET hiredis-counter-%d", i);
        if (reply->type == REDIS_REPLY_STRING) sum += atoll(reply->str);
        freeReplyObject(reply);
    }
    printf("%lld increments, %lld failed\n", done, failed);
    return done > 0 && done <= sum && sum <= done + failed ? 0 : 1;
}
