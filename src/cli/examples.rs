//! Examples in `--help` and the manual pages.

pub(super) const ALL: &str = "\
Examples:
  halfplane train xor                          the classic: 2-2-1, sigmoid, learning rate 1
  halfplane train xor --hidden none            one layer: it cannot learn XOR, and says why
  halfplane train data.csv --target y --hidden 64,32 --output model.safetensors
  halfplane train data.csv --patience 20 --checkpoint run/ --output model.safetensors
  halfplane train --resume run/                after Ctrl-C, a crash or a kill
  halfplane cv data.csv --target y             the score to expect on new rows
  halfplane sweep data.csv --target y          search for the best network
  halfplane predict model.safetensors new.csv --output predictions.csv
  halfplane evaluate model.safetensors test.csv
  halfplane inspect model.safetensors          layers, memory, preprocessing, how it was trained
  halfplane export model.safetensors model.onnx
  halfplane plan xor --hidden 10,10,10         the dispatch graph, and what it costs
  halfplane doctor --device software           is this driver to be trusted?

Exit codes: 0, 2 for what you can mend (arguments, files, data), 1 for what failed while
running, 130 after Ctrl-C.";

pub(super) const TRAIN: &str = "\
Examples:
  halfplane train penguins.csv --target species --output penguins.safetensors
  halfplane train train.parquet --target income --drop id --validation 0.2 --patience 20
  halfplane train data.csv --validation test.csv --class-weight balanced --report run/
  halfplane train images-idx3-ubyte.gz --labels labels-idx1-ubyte.gz --hidden 512,256 --dropout 0.2
  halfplane train data.csv --hidden 256,256,256,256 --layer-norm
  halfplane train data.tsv --categorical postcode --na -999,unknown --loss huber
  halfplane train data.csv --optimizer adamw --lr 3e-3 --schedule cosine --warmup 200 --clip-norm 1
  halfplane train data.csv --config run.toml --live
  halfplane train data.csv --checkpoint run/ --checkpoint-every 5m
  halfplane train --resume run/                after Ctrl-C, a crash or a kill";

pub(super) const CV: &str = "\
Examples:
  halfplane cv penguins.csv --target species   what `train` would train, scored on 5 folds
  halfplane cv penguins.csv --target species --hidden 32,16 --folds 10 --repeats 3
  halfplane cv patients.csv --target ill --group patient --metric roc_auc
  halfplane cv sales.csv --target sold --time-column day --gap 7 --metric mae
  halfplane cv penguins.csv --target species --predictions held-out.csv --json";

pub(super) const SWEEP: &str = "\
Examples:
  halfplane sweep penguins.csv --target species      layers, units, learning rate, decay and dropout
  halfplane sweep penguins.csv --target species --hidden '32|128|64,32' --lr 1e-4..1e-1 --trials 200
  halfplane sweep penguins.csv --target species --hidden taper:1..4x16..256 --time 10m --select 1se
  halfplane sweep --resume sweep/                    after Ctrl-C, a crash or a kill
  halfplane sweep --report sweep/                    the leaderboard
  halfplane sweep penguins.csv --target species --block 3/16        one of 16 parts of it
  halfplane sweep --merge sweep/block-*-of-16        all of them joined
  halfplane train penguins.csv --config sweep/best.toml";

pub(super) const PREDICT: &str = "\
Examples:
  halfplane predict model.safetensors new.csv
  halfplane predict model.safetensors new.parquet --output predictions.csv
  halfplane predict model.safetensors - < new.csv > predictions.csv";

pub(super) const EVALUATE: &str = "\
Examples:
  halfplane evaluate model.safetensors test.csv
  halfplane evaluate model.safetensors test.csv --json
  halfplane evaluate model.safetensors test.csv --report test/
  halfplane evaluate model.safetensors images-idx3-ubyte.gz --labels labels-idx1-ubyte.gz";

pub(super) const INSPECT: &str = "\
Examples:
  halfplane inspect model.safetensors
  halfplane inspect model.safetensors --json";

pub(super) const EXPORT: &str = "\
Examples:
  halfplane export model.safetensors model.onnx
  halfplane export model.safetensors model.py  an nn.Sequential that loads the weights";

pub(super) const PLAN: &str = "\
Examples:
  halfplane plan xor --hidden 10,10,10
  halfplane plan data.csv --target y --hidden 64,32 --memory 64MiB
  halfplane plan sweep data.csv --target y     of the first trials of a search, as sweep --plan
  halfplane plan xor --dot                     for Graphviz";

#[cfg(test)]
mod tests {
    use super::super::parse;

    /// Every line that shows a command, up to its note, is one that the parser takes.
    #[test]
    fn examples_are_what_the_parser_takes() {
        let definition = parse::lenient();
        let shown = definition.get_subcommands().chain([&definition]);
        let mut count = 0;
        for text in shown.filter_map(|command| Some(command.get_after_help()?.to_string())) {
            for line in text.lines().filter_map(|line| line.strip_prefix("  ")) {
                // A note stands two blanks behind; what the shell does begins with `<`.
                let typed = line.split("  ").next().unwrap_or_default();
                let typed = typed.split(" < ").next().unwrap_or_default();
                let words = parse::planned(typed.split(' ').map(Into::into).collect());
                let parsed = definition.clone().try_get_matches_from(words);
                assert!(parsed.is_ok(), "{typed}: {}", parsed.expect_err("it is one"));
                count += 1;
            }
        }
        assert!(count > 30, "{count} examples");
    }
}
