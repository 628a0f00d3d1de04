#pragma once
// What executes each command: called with arguments of a number that its arity allows, replies
// once, changes nothing where it replies with an error. Of this folder alone.

#include "command/call.h"

namespace grapevine::command {

// strings.cc
void append(Call& call);
void get(Call& call);
void getdel(Call& call);
void getrange(Call& call);
void getset(Call& call);
void mget(Call& call);
void mset(Call& call);
void msetnx(Call& call);
void setnx(Call& call);
void setrange(Call& call);
void strlen(Call& call);

// lcs.cc
void lcs(Call& call);

// set.cc
void getex(Call& call);
void msetex(Call& call);
void psetex(Call& call);
void set(Call& call);
void setex(Call& call);

// conditional.cc
void delex(Call& call);
void delifeq(Call& call);
void digest(Call& call);
void version(Call& call);

// numbers.cc
void decr(Call& call);
void decrby(Call& call);
void incr(Call& call);
void incrby(Call& call);
void incrbyfloat(Call& call);

// bits.cc
void bitcount(Call& call);
void bitop(Call& call);
void bitpos(Call& call);
void getbit(Call& call);
void setbit(Call& call);

// bitfield.cc
void bitfield(Call& call);
void bitfield_ro(Call& call);
// Whether all that a BITFIELD does is to read.
[[nodiscard]] bool bitfield_reads(Arguments args);

// keyspace.cc
void copy(Call& call);
void del(Call& call);
void exists(Call& call);
void rename(Call& call);
void renamenx(Call& call);
void type(Call& call);

// object.cc
void memory_usage(Call& call);
void object_encoding(Call& call);
void object_freq(Call& call);
void object_idletime(Call& call);
void object_refcount(Call& call);

// expiry.cc
void expire(Call& call);
void expireat(Call& call);
void expiretime(Call& call);
void persist(Call& call);
void pexpire(Call& call);
void pexpireat(Call& call);
void pexpiretime(Call& call);
void pttl(Call& call);
void ttl(Call& call);

// scan.cc: of one partition
void countkeysinslot(Call& call);
void dbsize(Call& call);
void flush(Call& call);
void getkeysinslot(Call& call);
void keys(Call& call);
void randomkey(Call& call);
void scan(Call& call);

}  // namespace grapevine::command
