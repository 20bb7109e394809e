Feature: Money

  Background:
    Given a bank

  Scenario: passes
    When fine

  Scenario: check fails
    When it is wrong
    Then fine

  Scenario: breaks
    When it breaks

  Scenario: undefined
    When nobody knows

  @wip
  Scenario: left out
    When fine

  Scenario Outline: rows <n>
    When <what>
    Examples: some
      | n | what |
      | 1 | fine |
      | 2 | it is wrong |

  @hookfail
  Scenario: hook
    When fine
