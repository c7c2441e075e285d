"""Tests of what we add to MiniStack, each against a stack that CloudFormation made."""
