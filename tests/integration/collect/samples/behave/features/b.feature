@bad
Feature: Broken

  Scenario: never
    Given a bank
