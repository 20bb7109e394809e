Feature: Looking at the mutations of an account
  As somebody with a bank account
  I want to see what came in and what went out
  so that I know where I stand.

  Background:
    Given an account "Household" that opened with 100.00
    And these mutations on "Household"
      | date       | amount  | description   |
      | 2024-01-02 | -10.10  | Groceries     |
      | 2024-01-24 | 2000.05 | Salary        |
      | 2024-02-01 | -985.00 | Rent February |

  Scenario: Everything, newest first
    When I open the bank
    And I choose "Household"
    Then I see these mutations
      | date       | description   |
      | 2024-02-01 | Rent February |
      | 2024-01-24 | Salary        |
      | 2024-01-02 | Groceries     |
    And together they are "+€ 1,004.95"
    And I read "€ 1,104.95"

  Scenario Outline: Searching
    When I open the bank
    And I choose "Household"
    And I ask for "<text>"
    Then together they are "<sum>"

    Examples:
      | text   | sum         |
      | RENT   | −€ 985.00   |
      | salary | +€ 2,000.05 |

  Scenario: One month, and a word
    When I open the bank
    And I choose "Household"
    And I ask for "groceries" in "2024-01"
    Then I see these mutations
      | date       | description |
      | 2024-01-02 | Groceries   |

  Scenario: Nothing found
    When I open the bank
    And I choose "Household"
    And I ask for "yacht"
    Then I read "No mutations match."
