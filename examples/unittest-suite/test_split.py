"""A function under tests of the standard library: `python -m unittest`."""

import unittest
from pathlib import Path

from appwrite_emulator import Emulator, Refused, isolated


class SplitTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.emulator = cls.enterClassContext(Emulator(port=0))
        cls.emulator.deploy(Path(__file__).parent)

    def setUp(self):
        self.appwrite = self.enterContext(isolated(self.emulator))
        self.split = self.appwrite.functions["split"]

    def test_friends_share_the_bill_and_the_tip(self):
        execution = self.split.call(json={"amount": 80, "people": 4}, user="ann")

        self.assertEqual(execution.json(), {"share": 22.0})
        self.assertIn("ann splits 80", execution.logs)

    def test_the_tip_is_a_variable(self):
        self.split.variables["TIP"] = "25"

        execution = self.split.call(json={"amount": 80, "people": 4}, user="ann")

        self.assertEqual(execution.json(), {"share": 25.0})

    def test_somebody_has_to_pay(self):
        execution = self.split.call(json={"amount": 80}, user="ann")

        self.assertEqual((execution.status_code, execution.json()), (400, {"error": "Who pays?"}))

    def test_strangers_split_nothing(self):
        with self.assertRaisesRegex(Refused, "user_unauthorized"):
            self.split.call(json={"amount": 80, "people": 4}, guest=True)

        self.assertEqual(self.split.executions(), [])

    def test_who_signs_up_is_welcome(self):
        (execution,) = self.appwrite.fire("users.bob.create", {"$id": "bob", "name": "Bob"})

        self.assertIn("Welcome, Bob", execution.logs)


if __name__ == "__main__":
    unittest.main()
