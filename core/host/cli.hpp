#pragma once
// The command line: `postern COMMAND ...`. Each command is a function from its options to an exit code.
// Exit codes: 0 done, 1 the thing asked for failed, 2 usage. Errors are one line on standard error that says what to do.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace postern::daemon {

/// The program's main().
[[nodiscard]] int run_command_line(int argc, const char* const* argv) noexcept;

inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;

/// Validates everything, plugins included; makes missing folders under data_dir.
[[nodiscard]] int check_command(const std::filesystem::path& config_file);

/// Prints who is asked where (chain_report.hpp); `listener` ("delivery": the queue's side) and `hook` may be given to filter.
[[nodiscard]] int chain_command(const std::filesystem::path& config_file, const std::string& listener, const std::string& hook,
                                bool as_json);

struct queue_request {
    std::filesystem::path config_file;
    std::string command; ///< "list", "show", "retry", "hold", "release", "delete", "flush"
    std::string id;
    bool as_json = false;
};
[[nodiscard]] int queue_command(const queue_request& what);

struct suspend_request {
    std::filesystem::path config_file;
    std::string destination; ///< as the log has next_hop
    std::string how_long;    ///< "2h"; empty: until it is resumed
    std::string why;
    bool resumes = false;
    bool as_json = false;
};
/// `queue suspend` and `queue resume`.
[[nodiscard]] int suspend_command(const suspend_request& what);
/// `queue destinations`.
[[nodiscard]] int destinations_command(const std::filesystem::path& config_file, bool as_json);
/// Opens the store offline and reads every message of it.
[[nodiscard]] int queue_verify_command(const std::filesystem::path& config_file, bool as_json);

/// "status" or "reload".
[[nodiscard]] int control_command(const std::filesystem::path& config_file, const std::string& command, bool as_json);
/// The running server's Prometheus text.
[[nodiscard]] int metrics_command(const std::filesystem::path& config_file);

struct plugin_new_request {
    std::string name;
    std::string language = "c++";
    bool is_extension = false;
    std::string prefix; ///< of the SDK; empty: where this program is installed, or /usr/local
};
/// Makes a folder NAME here with a plugin to begin with.
[[nodiscard]] int plugin_new_command(const plugin_new_request& what);

/// Prints every decision about a message, also long after it has left.
[[nodiscard]] int explain_command(const std::filesystem::path& config_file, const std::string& id, bool as_json);

struct trace_request {
    std::filesystem::path config_file;
    std::string session; ///< each: empty for all
    std::string listener;
    std::string peer;
    bool as_json = false;
};
/// Prints what sessions and deliveries do, until the server or the user ends it.
[[nodiscard]] int trace_command(const trace_request& what);

struct tell_request {
    std::filesystem::path config_file;
    std::string instance;
    std::vector<std::string> words;
    std::vector<std::string> files; ///< one message to the plugin for each; "-" is standard input
};
[[nodiscard]] int tell_command(const tell_request& what);

struct user_request {
    std::string command; ///< "add", "passwd", "delete", "list"
    std::filesystem::path file;
    std::string library = "auth-file"; ///< or another plugin that takes these words; with a slash in it a path
    std::string name;                  ///< not of list
    bool scram = false;
    bool scram_sha_1 = false;
    bool cram_md5 = false;
};
/// Changes a password file by its plugin, without a server. The password comes on standard input.
[[nodiscard]] int user_command(const user_request& what);

/// Of `postern plugin check` and `plugin info`.
struct plugin_request {
    std::filesystem::path file;       ///< NAME.so, its manifest NAME.toml beside it
    std::filesystem::path config;     ///< with its options, or with a [[plugin]] of that library; empty: none
    std::vector<std::string> options; ///< "key=value"
    bool as_json = false;
    std::uint64_t seed = 1;
};
/// The conformance kit: 0 when every rule is kept.
[[nodiscard]] int plugin_check_command(const plugin_request& what);
/// Manifest and table, and what an instance asks for: 0 when this host loads it.
[[nodiscard]] int plugin_info_command(const plugin_request& what);

/// Of `postern send` and `postern load`: how to reach a server and who to be there.
struct client_request {
    std::string server; ///< "HOST:PORT" or "unix:PATH"
    std::string tls = "none";
    bool lmtp = false;
    std::string helo = "localhost";
    bool verify = false;    ///< also where it is not the default
    bool no_verify = false; ///< not even where it is
    std::string ca_file;    ///< implies verify
    std::string tls_name;
    std::string cert;
    std::string key;
    std::string user;
    std::string password_file;
    std::string token_file;
    std::string act_for;
    std::string auth; ///< mechanism; empty: the best
    bool auth_in_clear = false;
    std::string timeout; ///< of each phase; empty: the usual ones
    bool verbose = false;
};

struct send_request {
    client_request client;
    std::string from;
    std::vector<std::string> to;
    std::string file; ///< empty: standard input
    std::string body; ///< "7bit", "8bitmime", "binarymime"; empty: by the content
    std::optional<std::uint64_t> size;
    bool smtputf8 = false;
    std::string ret;    ///< "full" or "hdrs"
    std::string envid;  ///< plain; sent as xtext
    std::string notify; ///< "never", or a list of success, failure, delay
    std::string orcpt;  ///< "TYPE;ADDRESS"
    std::vector<std::string> mail_parameters;
    std::vector<std::string> rcpt_parameters;
    std::string auth_sender; ///< AUTH= of MAIL
    bool require_tls = false;
    bool no_chunking = false;
    bool no_pipelining = false;
};
[[nodiscard]] int send_command(const send_request& what);

struct load_request {
    client_request client;
    std::uint64_t messages = 1000;
    std::string size = "4KiB"; ///< octets, with or without a unit
    std::uint32_t sessions = 20;
    bool reuse = false;
    bool pipelining = false;
    bool chunking = false;
    std::string from = "load@localhost";
    std::string to = "load@localhost";
};
[[nodiscard]] int load_command(const load_request& what);

} // namespace postern::daemon
