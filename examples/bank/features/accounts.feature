Feature: Finding one's accounts

  Scenario: Several accounts
    Given an account "Household" that opened with 100.00
    And an account "Savings" that opened with 7400.00
    When I open the bank
    Then I read "Household"
    And I read "€ 7,400.00"

  Scenario: No accounts yet
    Given a bank without accounts
    When I open the bank
    Then I read "There are no accounts yet."

  Scenario: An account that is not there
    Given an account "Household" that opened with 100.00
    When I follow a link to the account "NL00TEST0000000000"
    Then the status is 404
    And I read "there is no account NL00TEST0000000000"
