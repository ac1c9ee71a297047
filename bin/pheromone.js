#!/usr/bin/env node
import { launch } from './launch.js';

launch('platform/main.ts', process.argv.slice(2));
