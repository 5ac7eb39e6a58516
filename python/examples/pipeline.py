"""In a pipeline and in scikit-learn's cross-validation, and then as an ONNX graph."""

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from halfplane import MLPClassifier

X, y = load_breast_cancer(return_X_y=True)
model = make_pipeline(
    StandardScaler(), MLPClassifier((32,), max_iter=100, tol=1e-3, random_state=0)
)
scores = cross_val_score(model, X, y, cv=5, n_jobs=2)
print(f"{scores.mean():.3f} ± {scores.std():.3f}")
assert scores.mean() > 0.95

model.fit(X, y)
graph = model[-1].to_onnx("cancer.onnx")
print(f"{len(graph)} bytes of ONNX, which take what the scaler makes")
