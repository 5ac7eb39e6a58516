"""A table with words and missing values: no preparation of one's own."""

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from halfplane import MLPClassifier

random = np.random.default_rng(0)
rows = 1000
bikes = pd.DataFrame(
    {
        "season": random.choice(["spring", "summer", "autumn", "winter"], rows),
        "degrees": random.normal(12, 8, rows),
        "holiday": random.random(rows) < 0.1,
        "station": pd.Categorical(random.choice(["harbour", "market", "park"], rows)),
    }
)
busy = (bikes.degrees > 10) & (bikes.season != "winter") | (bikes.station == "market")
bikes.loc[::17, "degrees"] = np.nan
bikes.loc[::23, "season"] = None

train, test, y_train, y_test = train_test_split(bikes, busy, random_state=0)
model = MLPClassifier(
    (32,), learning_rate_init=0.01, class_weight="balanced", max_iter=60, tol=0, random_state=0
)
model.fit(train, y_train)
print(f"right for {model.score(test, y_test):.3f} of the rows that it has not seen")
assert model.score(test, y_test) > 0.9
