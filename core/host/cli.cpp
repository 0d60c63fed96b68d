#include "core/host/cli.hpp"

#include "core/host/cli_client_options.hpp"

#include "core/host/serve.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <string_view>
#include <vector>

namespace postern::daemon {
namespace {

/// What the options are read into: each command has its own, so that nothing of one leaks into another.
struct command_line {
    std::string config;
    std::string listener;
    std::string hook;
    bool as_json = false;
    bool as_metrics = false;
    std::string id;
    suspend_request suspend;
    std::string session;
    std::string peer;
    tell_request tell;
    send_request send;
    load_request load;
    plugin_new_request plugin_new;
    plugin_request plugin;
    user_request user_file;
    int exit_code = exit_done;
};

void take_config(CLI::App& command, command_line& line)
{
    command.add_option("-c,--config", line.config, "The configuration file")->required()->type_name("FILE");
}

void add_server_commands(CLI::App& program, command_line& line)
{
    auto* serve_it = program.add_subcommand("serve", "Run in the foreground: SIGTERM drains, SIGHUP reloads");
    take_config(*serve_it, line);
    serve_it->callback([&line] { line.exit_code = serve(line.config); });

    auto* check = program.add_subcommand(
        "check", "Validate the configuration, plugins included; print the DNS records that it wants published");
    take_config(*check, line);
    check->callback([&line] { line.exit_code = check_command(line.config); });

    auto* chain = program.add_subcommand("chain", "Print who is asked where, in which order, and under which rules");
    take_config(*chain, line);
    chain->add_option("LISTENER", line.listener, "Only this listener; \"delivery\" for the queue's side");
    chain->add_option("HOOK", line.hook, "Only this hook, such as cmd.rcpt");
    chain->add_flag("--json", line.as_json, "Print JSON");
    chain->callback([&line] { line.exit_code = chain_command(line.config, line.listener, line.hook, line.as_json); });

    for (const char* name : {"status", "reload"}) {
        auto* command = program.add_subcommand(name, std::string_view{name} == "status"
                                                         ? "Print the running server's counters"
                                                         : "Make the running server read its configuration anew");
        take_config(*command, line);
        auto* as_json = command->add_flag("--json", line.as_json, "Print JSON");
        if (std::string_view{name} == "status")
            command->add_flag("--metrics", line.as_metrics, "Print all that is counted, as Prometheus text")->excludes(as_json);
        command->callback([&line, name] {
            line.exit_code = line.as_metrics ? metrics_command(line.config) : control_command(line.config, name, line.as_json);
        });
    }
}

void add_trace_commands(CLI::App& program, command_line& line)
{
    auto* explain = program.add_subcommand("explain", "Print every decision about a message, also after it has left the queue");
    take_config(*explain, line);
    explain->add_flag("--json", line.as_json, "Print JSON");
    explain->add_option("ID", line.id, "Of the message, as the reply to it and the log have it; or of a session")->required();
    explain->callback([&line] { line.exit_code = explain_command(line.config, line.id, line.as_json); });

    auto* trace = program.add_subcommand("trace", "Show what sessions and deliveries say and are asked, as it happens");
    take_config(*trace, line);
    trace->add_flag("--json", line.as_json, "Print JSON, an object a line");
    trace->add_option("--session", line.session, "Only this session, delivery job or message")->type_name("ID");
    trace->add_option("--listener", line.listener, "Only sessions of this listener")->type_name("NAME");
    trace->add_option("--peer", line.peer, "Only sessions with this client, deliveries to this host")->type_name("ADDRESS");
    trace->callback([&line] {
        line.exit_code = trace_command({line.config, line.session, line.listener, line.peer, line.as_json});
    });
}

void add_queue_commands(CLI::App& program, command_line& line)
{
    auto* queue = program.add_subcommand("queue", "Look at and change the running server's queue");
    queue->require_subcommand(1);
    const auto add = [&](const char* name, const char* what, bool has_id) {
        auto* command = queue->add_subcommand(name, what);
        take_config(*command, line);
        command->add_flag("--json", line.as_json, "Print JSON");
        if (has_id)
            command->add_option("ID", line.id, "The message's id, as queue list shows it")->required();
        return command;
    };
    const auto ask = [&](const char* name, const char* what, bool has_id) {
        add(name, what, has_id)->callback([&line, name] {
            line.exit_code = queue_command({line.config, name, line.id, line.as_json});
        });
    };
    ask("list", "All messages", false);
    ask("show", "One message, with what became of each recipient", true);
    ask("retry", "Try a message now", true);
    ask("hold", "Keep a message from being delivered", true);
    ask("release", "Let a held message go", true);
    ask("delete", "Remove a message without a bounce", true);
    ask("flush", "Try all deferred messages now", false);
    const auto change = [&](const char* name, const char* what, bool resumes) {
        auto* command = add(name, what, false);
        command->add_option("DESTINATION", line.suspend.destination, "As the log has next_hop: example.com, mx.example.org:25")
            ->required();
        command->callback([&line, resumes] {
            line.suspend.config_file = line.config;
            line.suspend.resumes = resumes;
            line.suspend.as_json = line.as_json;
            line.exit_code = suspend_command(line.suspend);
        });
        return command;
    };
    auto* suspend = change("suspend", "Let nothing go to a destination for now: its messages wait", false);
    suspend->add_option("--for", line.suspend.how_long, "Until then; left out, until it is resumed")->type_name("TIME");
    suspend->add_option("--why", line.suspend.why, "Shown with what waits, and told to senders who hear of a delay")
        ->type_name("TEXT");
    change("resume", "Let mail go to a suspended destination again", true);
    add("destinations", "Where mail goes or waits to go, what rests and what is suspended", false)->callback([&line] {
        line.exit_code = destinations_command(line.config, line.as_json);
    });
    add("verify", "Read every message of a stopped server's queue", false)->callback([&line] {
        line.exit_code = queue_verify_command(line.config, line.as_json);
    });
}

void add_plugin_commands(CLI::App& program, command_line& line)
{
    auto* plugin = program.add_subcommand("plugin", "Make plugins, and talk to those of a running server");
    plugin->require_subcommand(1);
    auto* make = plugin->add_subcommand("new", "Make a folder with a plugin to begin with: sources, tests, a configuration");
    make->add_option("NAME", line.plugin_new.name, "Of the plugin and its folder, such as my-filter")->required();
    make->add_flag("--extension", line.plugin_new.is_extension, "An SMTP extension rather than a filter");
    make->add_option("--language", line.plugin_new.language, "c++, c or rust")
        ->capture_default_str()
        ->check(CLI::IsMember({"c++", "c", "rust"}));
    make->add_option("--prefix", line.plugin_new.prefix, "Where the SDK is installed")->type_name("FOLDER");
    make->callback([&line] { line.exit_code = plugin_new_command(line.plugin_new); });

    auto* tell = plugin->add_subcommand("tell", "Tell an instance of the running server something, and print what it says");
    take_config(*tell, line);
    tell->add_option("--file", line.tell.files, "Octets to go with the words, - for standard input; each file is told by itself")
        ->take_all()
        ->type_name("FILE");
    tell->add_option("INSTANCE", line.tell.instance, "Its name in the configuration")->required();
    tell->add_option("WORD", line.tell.words, "What it is told; its README lists what it understands")->required();
    tell->callback([&line] {
        line.tell.config_file = line.config;
        line.exit_code = tell_command(line.tell);
    });

    const auto add = [&](const char* name, const char* what, int (*run)(const plugin_request&)) {
        auto* command = plugin->add_subcommand(name, what);
        command->add_option("FILE", line.plugin.file, "The plugin; its manifest lies beside it")
            ->required()
            ->type_name("FILE.so")
            ->check(CLI::ExistingFile);
        command->add_option("-c,--config", line.plugin.config, "A file with its options, or with a [[plugin]] of that library")
            ->type_name("FILE.toml")
            ->check(CLI::ExistingFile);
        command->add_option("--option", line.plugin.options, "One option, such as path=data; may be given again")
            ->take_all()
            ->expected(1)
            ->allow_extra_args(false)
            ->type_name("KEY=VALUE");
        command->add_flag("--json", line.plugin.as_json, "Print JSON");
        command->callback([&line, run] { line.exit_code = run(line.plugin); });
        return command;
    };
    add("check", "Try whether a plugin keeps the contract, in processes of its own", plugin_check_command)
        ->add_option("--seed", line.plugin.seed, "Of what its clients do; the same seed does the same")
        ->capture_default_str();
    add("info", "What a plugin is, needs and adds, and whether this program loads it", plugin_info_command);
}

void add_user_commands(CLI::App& program, command_line& line)
{
    auto* user = program.add_subcommand("user", "Change who is in a password file, or list them");
    user->require_subcommand(1);
    const auto add = [&](const char* name, const char* what, bool has_name, bool has_password) {
        auto* command = user->add_subcommand(name, what);
        command->add_option("--file", line.user_file.file, "The file; add makes it if it is missing")
            ->required()
            ->type_name("FILE");
        command->add_option("--library", line.user_file.library, "The plugin that reads such files, or its file")
            ->capture_default_str()
            ->type_name("NAME");
        if (has_name)
            command->add_option("NAME", line.user_file.name, "The user's")->required();
        if (has_password) {
            command->add_flag("--scram", line.user_file.scram, "Keep a secret for SCRAM-SHA-256 too");
            command->add_flag("--scram-sha-1", line.user_file.scram_sha_1, "Keep a secret for SCRAM-SHA-1 too, for old clients");
            command->add_flag("--cram-md5", line.user_file.cram_md5, "Keep the password itself too, for CRAM-MD5");
        }
        command->callback([&line, name] {
            line.user_file.command = name;
            line.exit_code = user_command(line.user_file);
        });
    };
    add("add", "Add a user; the password comes on standard input", true, true);
    add("passwd", "Give a user another password, which comes on standard input", true, true);
    add("delete", "Remove a user", true, false);
    add("list", "Print the names, one a line", false, false);
}

std::vector<const CLI::App*> commands_of(const CLI::App& of)
{
    return of.get_subcommands([](const CLI::App*) { return true; });
}

/// What is wrong with the command's words, before any option: empty, or a line. Of these the parser would only say that a
/// subcommand is required.
std::string wrong_command(const CLI::App& program, int argc, const char* const* argv)
{
    const auto* at = &program;
    std::string path; // "queue "
    for (int i = 1;; ++i) {
        const auto commands = commands_of(*at);
        if (commands.empty())
            return {};
        const std::string_view word = i < argc ? argv[i] : "";
        if (word.starts_with('-'))
            return {};
        const auto found =
            std::ranges::find(commands, word, [](const CLI::App* each) -> std::string_view { return each->get_name(); });
        if (found != commands.end()) {
            at = *found;
            path = at->get_name() + " ";
            continue;
        }
        std::vector<std::string> names;
        for (const auto* each : commands)
            names.push_back(each->get_name());
        const auto list = fmt::format("{}", fmt::join(names, ", "));
        return word.empty() ? fmt::format("a {}command is missing: {}", path, list)
                            : fmt::format("there is no {}command \"{}\"; there are: {}", path, word, list);
    }
}

int run(int argc, const char* const* argv)
{
    command_line line;
    CLI::App program{"Postern, an extensible mail transfer agent", "postern"};
    program.set_version_flag("--version", "postern " POSTERN_VERSION);
    program.require_subcommand(1);
    add_server_commands(program, line);
    add_queue_commands(program, line);
    add_trace_commands(program, line);
    add_client_commands(program, line.send, line.load, line.exit_code);
    add_plugin_commands(program, line);
    add_user_commands(program, line);
    if (const auto wrong = wrong_command(program, argc, argv); !wrong.empty()) {
        fmt::print(stderr, "postern: {}; see postern --help\n", wrong);
        return exit_usage;
    }
    try {
        program.parse(argc, argv);
    } catch (const CLI::Success& e) { // --help, --version
        return program.exit(e);
    } catch (const CLI::ParseError& e) {
        fmt::print(stderr, "postern: {}; see postern --help\n", e.what());
        return exit_usage;
    }
    return line.exit_code;
}

} // namespace

int run_command_line(int argc, const char* const* argv) noexcept
{
    try {
        return run(argc, argv);
    } catch (const std::exception& e) {
        (void)std::fprintf(stderr, "postern: %s\n", e.what());
        return exit_failed;
    }
}

} // namespace postern::daemon
