#pragma once
// The Asio types that io and runtime share: one concrete executor, so that nothing is type-erased on the hot path.
// Only .cpp files of io and runtime, and headers of io that name sockets, include this.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

namespace postern::io {

namespace asio = boost::asio;

using executor = asio::io_context::executor_type;

/// A coroutine on one loop's thread.
template <class T>
using task = asio::awaitable<T, executor>;

inline constexpr asio::use_awaitable_t<executor> use_task{};

/// TCP and Unix sockets alike.
using socket = asio::basic_stream_socket<asio::generic::stream_protocol, executor>;
using timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, executor>;

} // namespace postern::io
