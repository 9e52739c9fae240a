// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The only source file that includes CLI11, which is slow to compile.
#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <map>
#include <span>
#include <string_view>

#include "cli/terminal.hpp"
#include "tenon/did_you_mean.hpp"
#include "tenon/failure.hpp"

namespace tenon::cli {
namespace {

constexpr const char* exit_codes =
    "Exit codes:\n"
    "   0  finished, stopped by a callback, or replayed, however the recorded run ended\n"
    "   1  the training failed: the task, the engine, or a callback whose on_error is abort; diff: they differ\n"
    "   2  the command line is wrong, or the history that replay is given\n"
    "   3  the manifest is refused: syntax, an unknown key, a wrong option\n"
    "   4  a plugin is missing, not trusted, damaged or of another ABI\n"
    "   5  the task is missing, built for another LibTorch, or its data is bad\n"
    "   6  a callback refused to start\n"
    "   7  the run's folder or standard output cannot be written, or the folder belongs to another run\n"
    "   8  a checkpoint or a file of weights is missing, damaged, or does not fit the task\n"
    "  70  a mistake of Tenon's own\n"
    "  75  interrupted by SIGINT or SIGTERM, with the state saved: --resume auto goes on\n"
    "  128 + n  a crash: signal n ended the program; the line before says in which plugin and hook\n";

CLI::App* command(CLI::App& parent, const char* name, const char* what) {
  CLI::App* added = parent.add_subcommand(name, what);
  added->set_help_flag("-h,--help", "print this help and exit");
  return added;
}

void add_json(CLI::App& app, CommandLine& line) { app.add_flag("--json", line.json, "print JSON, for programs"); }

void add_manifest(CLI::App& app, CommandLine& line) {
  app.add_option("manifest", line.manifest, "the run's manifest (JSON)")->type_name("run.json")->required();
  app.add_option("--set", line.sets,
                 "set one value of the manifest, for example trainer.max_epochs=3 or "
                 "callbacks.best.config.save_top_k=5; may be repeated")
      ->type_name("path=value")
      ->allow_extra_args(false);
}

void add_folders(CLI::App& app, CommandLine& line) {
  app.add_option("--plugins", line.plugins, "look for plugins in this folder first; may be repeated")
      ->type_name("DIR")
      ->allow_extra_args(false);
}

void add_trust(CLI::App& app, CommandLine& line) {
  app.add_option("--trust", line.trusted, "load plugins below this folder whoever may write there; may be repeated")
      ->type_name("DIR")
      ->allow_extra_args(false);
}

struct Parser {
  CLI::App app{"Tenon trains LibTorch models; everything a run does about training is a plugin.", "tenon"};
  CommandLine line;
  std::map<const CLI::App*, Command> commands;
  bool version = false;
  std::string format = "safetensors";
  std::string restore, first, second;

  Parser() {
    app.set_help_flag("-h,--help", "print this help and exit");
    app.add_flag("--version", version, "print the version and exit");
    add_json(app, line);

    CLI::App* train = add_run("train", Command::train, "train what a manifest describes");
    train->add_option("--weights", line.weights, "start from the weights of this checkpoint or .safetensors file")
        ->type_name("FILE");
    train
        ->add_option("--resume", line.resume,
                     "go on with the run in its folder: from the newest checkpoint that is whole, or else from the "
                     "beginning (auto), from the newest (last), from the best (best, or best:ID of a callback), or "
                     "from the checkpoint at a path, which may be another run's")
        ->type_name("auto|last|best[:ID]|PATH");
    train
        ->add_option("--restore", restore,
                     "with --resume PATH: begin a new run with these parts of the checkpoint alone, for example "
                     "model,optimizer; there are model, optimizer, schedules, rng, data, task, callbacks, progress")
        ->type_name("PARTS");
    add_evaluation("validate", Command::validate, "measure given weights on the validation data");
    add_evaluation("test", Command::test, "measure given weights on the test data");
    CLI::App* predict =
        add_evaluation("predict", Command::predict, "write what given weights make of the prediction data");
    predict->add_option("--format", format, "of the predictions: safetensors (the default) or csv")
        ->type_name("FORMAT")
        ->check(CLI::IsMember({"safetensors", "csv"}));

    CLI::App* replay = add_run("replay", Command::replay,
                               "show what a manifest's callbacks would have decided over a recorded metric history");
    replay->get_option("--out")->description(
        "the replay's folder; default runs/<the manifest's name>-replay; a taken one gives -v1");
    replay
        ->add_option("--metrics", line.metrics,
                     "the history: the metrics.jsonl that jsonl_logger has written, or lines like it")
        ->type_name("FILE")
        ->required();

    CLI::App* manifest = command(app, "manifest", "check a manifest, or print the schema of manifests");
    CLI::App* check =
        command(*manifest, "check",
                "check a manifest's form, its task, its plugins and all options, without loading any code; monitors, "
                "modes, file names and the device are checked by `train`, before its first step");
    commands[check] = Command::manifest_check;
    add_manifest(*check, line);
    add_trust(*check, line);
    add_folders(*check, line);
    add_json(*check, line);
    commands[command(*manifest, "schema", "print the JSON Schema of manifests, for editors")] =
        Command::manifest_schema;

    CLI::App* plugins = command(app, "plugins", "list plugins, show one, or show a manifest's chain");
    CLI::App* list = command(*plugins, "list", "list the plugins that can be found; loads none");
    commands[list] = Command::plugins_list;
    add_folders(*list, line);
    add_json(*list, line);
    CLI::App* show = command(*plugins, "show", "show a plugin and its options");
    commands[show] = Command::plugins_show;
    show->add_option("plugin", line.plugin, "its name or id, or a path with '/'")->type_name("NAME")->required();
    add_folders(*show, line);
    add_json(*show, line);
    CLI::App* chain = command(*plugins, "chain", "show a manifest's callbacks in the order in which they are called");
    commands[chain] = Command::plugins_chain;
    add_manifest(*chain, line);
    add_trust(*chain, line);
    add_folders(*chain, line);
    add_json(*chain, line);
    add_checkpoint();
    command(app, "help", "print the help of the command that follows, as in help plugins show");
    app.footer(exit_codes);  // last: the commands would inherit it
  }

  void add_checkpoint() {
    CLI::App* checkpoint = command(app, "checkpoint", "look at checkpoints, prove that they are whole, export weights");
    const auto add = [&](const char* name, Command which, const char* what) {
      CLI::App* added = command(*checkpoint, name, what);
      commands[added] = which;
      add_json(*added, line);
      return added;
    };
    const char* one = "a checkpoint (its folder, or last.ckpt) or a .safetensors file";
    add("list", Command::checkpoint_list, "list the checkpoints of a run or a folder, oldest first")
        ->add_option("folder", first, "the folder of a run, or one with checkpoints")
        ->type_name("DIR")
        ->required();
    add("show", Command::checkpoint_show, "show what is in a checkpoint")
        ->add_option("checkpoint", first, one)
        ->type_name("PATH")
        ->required();
    add("verify", Command::checkpoint_verify, "read every byte and compare every checksum; exits 8 where one differs")
        ->add_option("checkpoint", first, one)
        ->type_name("PATH")
        ->required();
    CLI::App* diff = add("diff", Command::checkpoint_diff,
                         "compare two, tensor by tensor; exits 0 where they are equal, 1 where they differ");
    diff->add_option("first", first, one)->type_name("PATH")->required();
    diff->add_option("second", second, "the same")->type_name("PATH")->required();
    CLI::App* to = add("export", Command::checkpoint_export, "write the weights to one file for others");
    to->add_option("checkpoint", first, one)->type_name("PATH")->required();
    to->add_option("file", second, "a new file: .safetensors, or .pt, which torch.load(weights_only=True) reads")
        ->type_name("FILE")
        ->required();
  }

  CLI::App* add_run(const char* name, Command which, const char* what) {
    CLI::App* run = command(app, name, what);
    commands[run] = which;
    add_manifest(*run, line);
    run->add_option("--out", line.out, "the run's folder; default runs/<the manifest's name>; a taken one gives -v1")
        ->type_name("DIR");
    add_trust(*run, line);
    add_folders(*run, line);
    add_json(*run, line);
    return run;
  }

  CLI::App* add_evaluation(const char* name, Command which, const char* what) {
    CLI::App* run = add_run(name, which, what);
    run->add_option("--weights", line.weights,
                    "a checkpoint (its folder, or last.ckpt) or a .safetensors file; 'none': those that the task makes")
        ->type_name("FILE")
        ->required();
    return run;
  }

  /// The innermost command that was named, and behind which word.
  CLI::App* named(int argc, const char* const* argv) {
    CLI::App* at = &app;
    for (int i = 1; i < argc; ++i)
      for (CLI::App* inner : at->get_subcommands({}))
        if (inner->get_name() == argv[i]) {
          at = inner;
          break;
        }
    return at;
  }
};

/// "tenon plugins" for the command `show`.
std::string words_before(const CLI::App& app) {
  std::string words;
  for (const CLI::App* up = app.get_parent(); up != nullptr; up = up->get_parent())
    words = up->get_name() + (words.empty() ? "" : " ") + words;
  return words;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::vector<std::string> command_names(CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* inner : app.get_subcommands({})) names.push_back(inner->get_name());
  return names;
}

[[noreturn]] void refuse(CLI::App& at, const std::string& why) {
  const std::string before = words_before(at);
  throw Failure(ExitCode::usage,
                why + "\n`" + before + (before.empty() ? "" : " ") + at.get_name() + " --help` tells how to use it");
}

[[noreturn]] void refuse_unknown(CLI::App& at, const std::string& word) {
  const bool is_option = word.size() > 1 && word.front() == '-';
  if (is_option) {
    const std::string name = word.substr(0, word.find('='));
    refuse(at, "unknown option '" + name + "'" + did_you_mean(name, option_names(at)));
  }
  const std::vector<std::string> names = command_names(at);
  if (names.empty()) refuse(at, "'" + word + "' is one word too many");
  refuse(at, "unknown command '" + word + "'" + did_you_mean(word, names));
}

std::filesystem::path whole(const std::filesystem::path& folder);

/// CLI11's words, but for an option without its value.
std::string why_refused(const CLI::App& at, const CLI::ParseError& error) {
  const std::string text = error.what(), name = text.substr(0, text.find(':'));
  const CLI::Option* option = at.get_option_no_throw(name);
  if (!dynamic_cast<const CLI::ArgumentMismatch*>(&error) || !option) return text;
  return name + " needs a value: " + option->get_type_name();
}

/// --resume and --restore of `train`.
void read_resume(CLI::App& train, const std::string& restore, CommandLine& line) {
  const bool resumes = train.count("--resume") > 0;
  if (resumes && line.resume.empty()) refuse(train, "--resume is empty: say auto, last, best, best:ID or a path");
  if (resumes && train.count("--weights") > 0)
    refuse(
        train,
        "--resume goes on with a run and --weights begins a new one: leave out one of them; `--resume PATH --restore "
        "model` begins a new run with a checkpoint's weights");
  const bool is_path = resumes && !loop::is_resume_word(line.resume);
  if (train.count("--restore") > 0) {
    if (!is_path) refuse(train, "--restore takes over parts of a given checkpoint: name it with --resume PATH");
    line.restore = loop::restore_parts_from(restore);
  }
  if (is_path) line.resume = whole(line.resume).string();
}

/// The command that `tenon help` names; CLI11 would take its words for commands to run.
CLI::App& asked_about(CLI::App& app, std::span<const char* const> words) {
  CLI::App* at = &app;
  for (const std::string word : words) {
    if (word == "--help" || word == "-h") continue;
    const auto is_meant = [&](const CLI::App* inner) { return inner->get_name() == word; };
    const std::vector<CLI::App*> found = at->get_subcommands(is_meant);
    if (found.empty()) refuse_unknown(*at, word);
    at = found.front();
  }
  return *at;
}

CommandLine help_about(CLI::App& at, CommandLine line) {
  line.help = wrapped(at.help(words_before(at)), columns().value_or(80));
  line.command = Command::help;
  return line;
}

/// Absolute, without a '/' at its end.
std::filesystem::path whole(const std::filesystem::path& folder) {
  const std::filesystem::path path = std::filesystem::absolute(folder).lexically_normal();
  return path.has_filename() || !path.has_relative_path() ? path : path.parent_path();
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  Parser parser;
  const std::span<const char* const> words(argv, static_cast<std::size_t>(argc));
  if (argc > 1 && std::string_view(argv[1]) == "help")
    return help_about(asked_about(parser.app, words.subspan(2)), parser.line);
  try {
    parser.app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return help_about(*parser.named(argc, argv), parser.line);
  } catch (const CLI::ParseError& error) {
    CLI::App& at = *parser.named(argc, argv);
    const std::vector<std::string> extra = parser.app.remaining(true);
    if (!extra.empty()) refuse_unknown(at, extra.front());
    refuse(at, why_refused(at, error));
  }
  if (parser.version) {
    parser.line.command = Command::version;
    return parser.line;
  }
  CLI::App& at = *parser.named(argc, argv);
  const auto found = parser.commands.find(&at);
  if (found == parser.commands.end()) {
    std::string names;
    for (const std::string& name : command_names(at)) names += (names.empty() ? "" : ", ") + name;
    refuse(at, "a command is missing; there are " + names);
  }
  parser.line.command = found->second;
  if (!parser.line.out.empty()) parser.line.out = whole(parser.line.out);
  if (at.get_option_no_throw("--weights") != nullptr && at.count("--weights") > 0 && parser.line.weights.empty())
    refuse(at, "--weights is empty: give a checkpoint's folder or a .safetensors file, or 'none'");
  if (parser.line.weights == "none") parser.line.weights.clear();
  if (!parser.line.weights.empty()) parser.line.weights = whole(parser.line.weights);
  const bool of_checkpoints = at.get_parent() != nullptr && at.get_parent()->get_name() == "checkpoint";
  for (const std::string* path : {&parser.first, &parser.second}) {
    if (!of_checkpoints || (path == &parser.second && at.get_option_no_throw("first") == nullptr &&
                            at.get_option_no_throw("file") == nullptr))
      continue;
    if (path->empty()) refuse(at, "the path is empty");
    parser.line.paths.push_back(whole(*path));
  }
  parser.line.csv = parser.format == "csv";
  if (parser.line.command == Command::train) read_resume(at, parser.restore, parser.line);
  for (std::vector<std::filesystem::path>* folders : {&parser.line.plugins, &parser.line.trusted})
    for (std::filesystem::path& folder : *folders) folder = whole(folder);
  return parser.line;
}

}  // namespace tenon::cli
