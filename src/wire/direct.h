#pragma once
// What is said most often, written and verified without FlatBuffers' builder and verifier:
// requests, replies, and what writes take among the holders of a partition.
//
// The builder lays the tables of a kind of message out the same way each time, as long as the same
// fields are there. That layout is learned once, from what it makes of a model; a message is then
// its bytes with the fields that differ filled in, and its strings and lists behind it. Whoever
// receives a message in that layout has only to compare these bytes and to see that what they lead
// to lies within the message, which is what the verifier would find out. Every other layout is as
// good, and goes the long way.
//
// For the files of wire only. Any thread.

#include <string>
#include <string_view>

#include "client/messages.h"
#include "node/messages.h"

namespace grapevine::wire {

// Append a frame; false: the message is for the builder, and `out` is unchanged.
bool append_directly(std::string& out, const ClientMessage& message);
bool append_directly(std::string& out, const ServerMessage& message);
bool append_directly(std::string& out, const Envelope& envelope);

// True: a message in the layout of append_directly(), all of whose offsets and sizes stay within
// it. `payload` lies at a multiple of 8 and is one in size. False says nothing.
bool is_direct_client_message(std::string_view payload);
bool is_direct_server_message(std::string_view payload);
bool is_direct_envelope(std::string_view payload);

}  // namespace grapevine::wire
