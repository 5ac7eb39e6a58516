"""Data frames with words, categories, truth values, dates and holes, as the command line reads them."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.model_selection import cross_val_score

import halfplane
from halfplane import MLPClassifier, MLPRegressor

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:column .* holds dates"),
]


@pytest.fixture(scope="module")
def flowers():
    """Rows of all kinds of columns, and what they are."""
    random = np.random.default_rng(0)
    rows = 300
    frame = pd.DataFrame(
        {
            "color": random.choice(["red", "green", "blue"], rows),
            "height": random.normal(size=rows) * 1000,
            "site": pd.Categorical(random.choice(["north", "south"], rows)),
            "wild": random.random(rows) > 0.5,
            "seen": pd.date_range("2024-01-01", periods=rows),
        }
    )
    frame.loc[3:10, "height"] = np.nan
    frame.loc[5, "color"] = None
    y = np.where((frame.color == "red") & (frame.height.fillna(0) > 0), "yes", "no")
    return frame, y


def model(**parameters):
    return MLPClassifier(**{"max_iter": 100, "random_state": 0, **parameters})


def test_frames_of_all_kinds_are_one(flowers):
    frame, y = flowers
    fitted = model().fit(frame, y)
    assert fitted.score(frame, y) > 0.95
    assert list(fitted.feature_names_in_) == list(frame.columns) and fitted.n_features_in_ == 5
    for other in (pl.from_pandas(frame), pa.Table.from_pandas(frame)):
        np.testing.assert_array_equal(fitted.predict_proba(other), fitted.predict_proba(frame))
        again = model().fit(other, y)
        np.testing.assert_array_equal(again.predict_proba(frame), fitted.predict_proba(frame))


def test_what_speaks_arrow_is_a_frame(flowers):
    frame, y = flowers

    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            return pa.Table.from_pandas(frame).__arrow_c_stream__(requested_schema)

    expected = model().fit(frame, y).predict(frame)
    np.testing.assert_array_equal(model().fit(Stream(), y).predict(Stream()), expected)


def test_new_words_and_holes_are_no_trouble(flowers):
    frame, y = flowers
    fitted = model().fit(frame, y)
    strange = frame.head(3).assign(color=["mauve", None, "red"], wild=[None, True, False])
    assert fitted.predict(strange).shape == (3,)


def test_columns_that_differ_have_scikit_learns_words(flowers):
    frame, y = flowers
    fitted = model().fit(frame, y)
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(frame[["height", "color", "site", "wild", "seen"]])
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(frame.rename(columns={"site": "place"}))


def test_numbers_are_taken_as_they_are(circle):
    X, y = circle
    frame = pd.DataFrame(X, columns=["u", "v"])
    expected = model().fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(model().fit(frame, y).predict_proba(frame), expected)
    scaled = model(preprocess="always").fit(frame, y).predict_proba(frame)
    assert not np.array_equal(scaled, expected)


def test_numbers_can_be_categories(circle):
    frame = pd.DataFrame({"code": np.arange(200) % 4})
    y = np.isin(frame.code, [0, 3]).astype(int)
    words = frame.assign(hole=np.where(np.arange(200) % 7 == 0, None, "word"))
    parameters = {"learning_rate_init": 0.02, "categorical_features": ["code"]}
    assert model(**parameters).fit(words, y).score(words, y) == 1.0


def test_frames_in_folds_pickles_and_files(flowers, tmp_path):
    frame, y = flowers
    folded = cross_val_score(model(learning_rate_init=0.01), frame, y, cv=3)
    assert folded.mean() > 0.92
    fitted = model().fit(frame, y)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(frame), fitted.predict_proba(frame))
    fitted.save(tmp_path / "flowers.safetensors")
    read = halfplane.load(tmp_path / "flowers.safetensors")
    # A file's model finds its columns by their names.
    shuffled = frame[["seen", "wild", "site", "height", "color"]]
    np.testing.assert_array_equal(read.predict_proba(shuffled), fitted.predict_proba(frame))
    assert list(read.classes_) == ["no", "yes"]
    assert len(fitted.to_onnx(tmp_path / "flowers.onnx")) > 1000


def test_files_keep_what_classes_are(circle, tmp_path):
    X, y = circle
    path = tmp_path / "model.safetensors"
    for labels in (y, 2.0 * y, y.astype(bool), np.where(y == 1, "in", "out")):
        model().fit(X, labels).save(path)
        read = halfplane.load(path)
        assert read.classes_.tolist() == np.unique(labels).tolist()
        assert set(read.predict(X)) <= set(labels)
    numbers = MLPRegressor(max_iter=5).fit(X, X)
    numbers.save(path)
    np.testing.assert_array_equal(halfplane.load(path).predict(X), numbers.predict(X))
    with pytest.raises(FileNotFoundError):
        halfplane.load(tmp_path / "nothing.safetensors")
    (tmp_path / "bad.safetensors").write_text("nothing")
    with pytest.raises(ValueError, match="not a safetensors file"):
        halfplane.load(tmp_path / "bad.safetensors")


def test_the_command_lines_run(flowers, tmp_path, capfd):
    frame, y = flowers
    path = tmp_path / "flowers.csv"
    frame.assign(rare=y).to_csv(path, index=False)
    trained = halfplane.train(path, target="rare", epochs=60, seed=3, hidden=(32, 16))
    told = capfd.readouterr()
    assert told.out == "" and "networks" in told.err
    assert trained.score(frame, y) > 0.9
    # The mean of five networks, each stopped early by a fold.
    assert not hasattr(trained, "coefs_")
    again = pickle.loads(pickle.dumps(trained))
    np.testing.assert_array_equal(again.predict_proba(frame), trained.predict_proba(frame))
    with pytest.raises(ValueError, match="cannot go on|training cannot"):
        trained.partial_fit(frame, y)
    with pytest.raises(ValueError, match="no column `rarer`; did you mean `rare`"):
        halfplane.train(path, target="rarer", verbose=False)
    with pytest.raises(ValueError, match="--hiden"):
        halfplane.train(path, hiden=3)
    with pytest.raises(TypeError, match="DataFrame"):
        halfplane.train(frame)


def test_the_command_line_has_several_targets(flowers, tmp_path):
    frame, y = flowers
    path, again = tmp_path / "flowers.csv", tmp_path / "again.safetensors"
    numbers = {"twice, in m": frame.height.fillna(0) / 500, "shift": frame.height.fillna(0) + 3e4}
    frame.assign(**numbers).to_csv(path, index=False)
    trained = halfplane.train(path, target=list(numbers), epochs=60, verbose=False)
    assert isinstance(trained, MLPRegressor) and trained.n_outputs_ == 2
    assert trained.score(frame, pd.DataFrame(numbers)) > 0.9
    trained.save(again)
    np.testing.assert_array_equal(halfplane.load(again).predict(frame), trained.predict(frame))

    labels = {"rare": y, "tall": np.where(frame.height > 0, "T", "F")}
    frame.assign(**labels).to_csv(path, index=False)
    trained = halfplane.train(path, target="tall,rare", epochs=60, verbose=False)
    assert isinstance(trained, MLPClassifier) and trained.n_outputs_ == 2
    # 1 is the second of the two classes.
    truth = np.column_stack([frame.height > 0, y == "yes"]).astype(int)
    assert trained.score(frame, truth) > 0.8
    assert trained.predict_proba(frame).shape == (300, 2)
    again = pickle.loads(pickle.dumps(trained))
    np.testing.assert_array_equal(again.predict(frame), trained.predict(frame))
    # A single network keeps the names of its targets and classes, too.
    trained = halfplane.train(path, target="tall,rare", folds="none", epochs=5, verbose=False)
    pickle.loads(pickle.dumps(trained)).save(tmp_path / "one.safetensors")
    trained.save(tmp_path / "same.safetensors")
    one, same = (tmp_path / f"{name}.safetensors" for name in ("one", "same"))
    assert one.read_bytes() == same.read_bytes() and b"tall" in one.read_bytes()
