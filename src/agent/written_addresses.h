#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

// Internal to the room.
namespace packetboat::agent {

// How many addresses stand in a text that a user wrote, each of them a valid one: "a@b.test, Bob <bob@b.test> (at work), crew: c@c.test;".
// nullopt: something in it is no address. mime::addresses() reads whatever comes by mail, and leaves out what it does not understand; from
// what a user says, nothing may be left out.
std::optional<std::size_t> count_written_addresses(std::string_view text);

}  // namespace packetboat::agent
