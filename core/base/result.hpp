#pragma once
// Fallible results as values: what a peer, a disk, a resolver or a plugin may do wrong is never an exception.

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace postern::base {

using boost::system::error_category;
using boost::system::error_code;

/// A value, or why there is none.
template <class T>
using result = boost::system::result<T>;

} // namespace postern::base
